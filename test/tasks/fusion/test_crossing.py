"""People who cross close before each other keep their ids and names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from opendr_perception.tasks.fusion import CameraMemory, Mount, NameSource, Person, Settings, Sight, build

RED, GREEN = (20, 20, 220), (30, 200, 30)
LEFT, RIGHT = (100, 100, 160, 300), (400, 120, 460, 320)
BEHIND, BEFORE = (300, 90, 360, 290), (310, 110, 370, 320)


class Play:
    """Shows images of one camera at 10 Hz."""

    def __init__(self, stage: Any, **more: Any) -> None:
        self.stage, self.more, self.perceiver = stage, more, build(Settings())
        self.memory: CameraMemory = self.perceiver.new_memory()
        self.stamp = 1.0

    def __call__(self, *actors: Any, images: int = 1, change: Any = lambda sight: sight) -> dict[str, Person]:
        """The people of the last image who are seen, by their bodies."""
        for _ in range(images):
            self.stamp += 0.1
            sight: Sight = change(self.stage.sight(*actors, **self.more))
            people: Sequence[Person] = self.perceiver(sight, self.memory, self.stamp).people
        return {person.body: person for person in people if person.visible}


@pytest.fixture
def play(stage: Any) -> Play:
    """Ann, in red, has been named by her face, and Bob, in green, by his."""
    shown = Play(stage)
    found = shown(*both(stage, LEFT, RIGHT), images=20)
    assert (found["1"].name, found["2"].name) == ("Ann", "Bob")
    return shown


def both(stage: Any, ann: Sequence[float], bob: Sequence[float], hers: str = "f", his: str = "g") -> tuple[Any, Any]:
    """Ann and Bob in two boxes, with the tracks of their faces."""
    one = stage.Actor("1", ann, RED, face=hers, name="Ann" if hers else "")
    return one, stage.Actor("2", bob, GREEN, face=his, name="Bob" if his else "")


def test_a_face_that_is_seen_beside_the_head_of_who_stands_before_it_is_not_theirs(stage: Any, play: Play) -> None:
    def mistake(sight: Sight) -> Sight:  # the network puts the head of the one before on the face behind
        assert sight.poses is not None
        points = np.array(sight.poses.keypoints)
        points[1, :5, :2], points[0, :5, 2] = points[0, :5, :2], 0.0
        return replace(sight, poses=replace(sight.poses, keypoints=points))

    ids = {body: one.id for body, one in play(*both(stage, BEHIND, BEFORE, his="")).items()}
    found = play(*both(stage, BEHIND, BEFORE, his=""), images=8, change=mistake)
    assert {body: one.id for body, one in found.items()} == ids
    assert found["2"].name != "Ann"
    assert play(*both(stage, BEHIND, RIGHT, his=""), images=3)["1"].name == "Ann"


def test_the_track_of_a_face_that_goes_over_to_another_body_takes_no_id_along(stage: Any, play: Play) -> None:
    ann, bob = (play.memory.tracks[key].person for key in ("b1", "b2"))
    one, other = both(stage, LEFT, RIGHT, hers="", his="f")  # her face's track is now on a new body of his
    found = play(one, replace(other, track="3", name=""), images=8)
    assert found["1"].id == ann
    assert found["3"].id == bob


def test_tracks_that_change_places_where_people_cross_change_back(stage: Any, play: Play) -> None:
    ids = {body: one.id for body, one in play(*both(stage, LEFT, RIGHT, hers="", his="")).items()}
    swapped = both(stage, RIGHT, LEFT, hers="", his="")
    one, other = replace(swapped[0], clothes=GREEN), replace(swapped[1], clothes=RED)
    play(*both(stage, (250, 100, 310, 300), (260, 120, 320, 320), hers="", his=""))
    for _ in range(9):
        found = play(one, other)
        assert found["1"].name in ("", "Bob"), "no name is better than that of another one"
        assert found["2"].name in ("", "Ann")
    found = play(one, other)
    assert {body: one.id for body, one in found.items()} == {"1": ids["2"], "2": ids["1"]}
    assert {body: one.name for body, one in found.items()} == {"1": "Bob", "2": "Ann"}


def test_who_comes_out_from_behind_another_one_has_no_name_until_their_clothes_are_seen(stage: Any, play: Play) -> None:
    play(stage.Actor("1", LEFT, RED))  # Bob is behind Ann, and the image cuts off the one who comes out
    cut = stage.Actor("1", (0, 100, 40, 300), RED)
    found = play(cut, images=5)
    assert (found["1"].name, found["1"].name_source) == ("", NameSource.NONE)
    assert play(stage.Actor("1", LEFT, RED), images=2)["1"].name == "Ann"


def test_who_turns_around_behind_somebody_is_still_the_same(stage: Any, play: Play) -> None:
    [ann] = [one.id for one in play(stage.Actor("1", LEFT, RED)).values()]
    play(images=6)
    found = play(stage.Actor("1", LEFT, (20, 60, 220)), images=12)  # another shade, in another light
    assert found["1"].id == ann


def test_a_face_inside_of_a_body_that_is_not_its_own_is_nobody(stage: Any, play: Play) -> None:
    one = stage.Actor("1", LEFT, RED)
    low = replace(stage.Actor("x", (110, 160, 150, 300), face="h", name="Eve"), track="x")

    def alone(sight: Sight) -> Sight:
        return replace(sight, bodies=sight.bodies[:1], tracks=["1"], poses=None)

    assert set(play(one, low, images=20, change=alone)) == {"1"}


def test_a_track_that_shows_another_ones_face_and_clothes_makes_no_one_of_two(stage: Any, play: Play) -> None:
    ann, bob = (play.memory.tracks[key].person for key in ("b1", "b2"))
    her, him = (play.perceiver._everybody.get(one) for one in (ann, bob))
    her.wardrobe = him.wardrobe  # she has been taken for him for so long that his clothes are hers
    found = play(stage.Actor("1", LEFT, GREEN, face="f", name="Bob"), images=16)
    assert (found["1"].id, found["1"].name) == (bob, "Bob")
    found = play(
        stage.Actor("1", LEFT, GREEN, face="f", name="Bob"), stage.Actor("3", RIGHT, RED, "k", name="Ann"), images=12
    )
    assert (found["3"].id, found["3"].name) == (ann, "Ann")


@pytest.mark.parametrize("face", ["", "r"])
def test_nobody_is_in_two_places(stage: Any, lens: Any, level: Mount, face: str) -> None:
    shared: dict[str, Any] = {"lens": lens, "mount": level, "frame": "map"}
    front = Play(stage, camera="front", **shared)
    rear = Play(stage, camera="rear", **shared)
    rear.perceiver = front.perceiver
    front(stage.Actor("1", LEFT, RED), images=10)
    rear.stamp = front.stamp
    ann = rear(stage.Actor("9", LEFT, RED, face=face), images=10)["9"].id
    front.stamp = rear.stamp
    assert ann == front(stage.Actor("1", LEFT, RED))["1"].id
    for step in range(12):  # the track of the rear camera goes over to somebody in the same clothes who walks off
        seen = rear(stage.Actor("9", (100 + 40 * step, 100, 160 + 40 * step, 300), RED, face=face))
        stays = front(stage.Actor("1", LEFT, RED))
    assert stays["1"].id == ann
    assert seen["9"].id != ann


@pytest.mark.parametrize("apart", [False, True])
def test_who_got_an_id_on_each_camera_has_one_once_they_stay_at_one_place(
    stage: Any, lens: Any, level: Mount, apart: bool
) -> None:
    shared: dict[str, Any] = {"lens": lens, "mount": level, "frame": "map"}
    front = Play(stage, camera="front", **shared)
    rear = Play(stage, camera="rear", **shared)
    rear.perceiver = front.perceiver
    for _ in range(10):  # at the border of the rear camera's image no clothes are seen
        rear.stamp = front.stamp
        ann = front(stage.Actor("1", LEFT, RED))
        other = rear(stage.Actor("9", (0, 100, 60, 300), RED))
    ids = ann["1"].id, other["9"].id
    assert ids[0] != ids[1]
    for _ in range(12):
        rear.stamp = front.stamp
        ann = front(stage.Actor("1", LEFT, RED))
        other = rear(stage.Actor("9", RIGHT if apart else LEFT, RED))
    assert ann["1"].id == ids[0]
    assert (other["9"].id == ann["1"].id) is not apart
