"""One person, one id: over absences, tracks, and cameras."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from opendr_perception.tasks.fusion import (
    CameraMemory,
    Mount,
    NameSource,
    PositionSource,
    ScenePerceiver,
    SceneReport,
    Settings,
    build,
)

RED, GREEN = (20, 20, 220), (30, 200, 30)
LEFT, RIGHT = (100, 100, 160, 300), (400, 120, 460, 320)


class Show:
    """Shows images at 10 Hz to a perceiver."""

    def __init__(self, stage: Any, perceiver: ScenePerceiver, **more: Any) -> None:
        self.stage, self.perceiver, self.more = stage, perceiver, more
        self.memory: CameraMemory = perceiver.new_memory()
        self.stamp = 100.0
        self.events: list[tuple[str, str, bool]] = []

    def __call__(self, *actors: Any, seconds: float = 0.1) -> SceneReport:
        for _ in range(round(seconds * 10)):
            self.stamp += 0.1
            scene = self.perceiver(self.stage.sight(*actors, **self.more), self.memory, self.stamp)
            self.events += [(event.kind, event.person, event.begins) for event in scene.events]
        return scene

    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.events]


@pytest.fixture
def show(stage: Any) -> Callable[..., Show]:
    def make(**settings: Any) -> Show:
        return Show(stage, build(Settings(**settings)))

    return make


def ids(scene: SceneReport) -> list[str]:
    return [person.id for person in scene.people if person.visible]


def test_who_is_seen_for_a_moment_only_is_nobody(show: Any, stage: Any) -> None:
    play = show()
    assert ids(play(stage.Actor("1", LEFT))) == []
    scene = play(stage.Actor("1", LEFT), seconds=0.5)
    assert len(ids(scene)) == 1
    assert play.kinds() == ["appeared"]
    assert ids(play(stage.Actor("", RIGHT), seconds=2)) == [], "who has no track has no id"


def test_a_person_who_comes_back_has_the_same_id_and_another_one_has_not(show: Any, stage: Any) -> None:
    play = show()
    [ann] = ids(play(stage.Actor("1", LEFT, RED), seconds=2))
    gone = play(seconds=1)
    assert [(person.id, person.visible) for person in gone.people] == [(ann, False)]
    assert play(seconds=3).people == []
    assert play.kinds() == ["appeared", "left"]
    [stranger] = ids(play(stage.Actor("2", RIGHT, GREEN), seconds=2))
    assert stranger != ann
    scene = play(stage.Actor("2", RIGHT, GREEN), stage.Actor("3", LEFT, RED), seconds=2)
    assert set(ids(scene)) == {stranger, ann}


def test_what_is_forgotten_is_forgotten(show: Any, stage: Any) -> None:
    play = show(forget_after=5.0)
    [ann] = ids(play(stage.Actor("1", LEFT, RED), seconds=2))
    play(seconds=9)
    assert ids(play(stage.Actor("2", LEFT, RED), seconds=2)) != [ann]


def test_memory_is_bounded(show: Any, stage: Any) -> None:
    play = show(max_remembered=3, same_look=1.0)
    for track in range(12):
        play(stage.Actor(f"{track}", LEFT), seconds=0.6)
        play(seconds=2.5)
    assert len(play.perceiver._everybody) <= 3


def test_ids_differ_from_those_of_another_start(show: Any, stage: Any) -> None:
    found = {ids(show()(stage.Actor("1", LEFT), seconds=1))[0] for _ in range(8)}
    assert len(found) > 4
    assert all(one.replace("_", "").isalnum() for one in found), "they can be part of the name of a topic"


def test_a_name_is_carried_on_the_clothes_and_never_surer_than_the_face(show: Any, stage: Any) -> None:
    play = show()
    [ann] = play(stage.Actor("1", LEFT, RED, face="f", name="Ann"), seconds=2).people
    assert (ann.name, ann.name_source, ann.face) == ("Ann", NameSource.FACE, "f")
    assert ann.name_confidence == pytest.approx(0.6)
    assert ("named", ann.id, True) in play.events
    [turned] = play(stage.Actor("1", LEFT, RED), seconds=2).people
    assert (turned.name, turned.name_source) == ("Ann", NameSource.APPEARANCE)
    assert turned.name_confidence <= 0.6
    play(seconds=4)
    [back] = play(stage.Actor("2", RIGHT, RED), seconds=1).people
    assert (back.id, back.name, back.name_source) == (ann.id, "Ann", NameSource.APPEARANCE)
    assert back.name_confidence < 0.95 * turned.name_confidence
    [other] = play(stage.Actor("3", LEFT, GREEN), seconds=1).people[:1]
    assert other.name == ""


def test_a_face_makes_two_ids_one(show: Any, stage: Any) -> None:
    play = show()
    [ann] = ids(play(stage.Actor("1", LEFT, RED, face="f", name="Ann"), seconds=2))
    play(seconds=4)
    [changed] = ids(play(stage.Actor("2", LEFT, GREEN), seconds=1))
    assert changed != ann
    assert ids(play(stage.Actor("2", LEFT, GREEN, face="g", name="Ann"), seconds=1)) == [ann]


def test_two_people_never_have_one_name(show: Any, stage: Any) -> None:
    play = show()
    play(stage.Actor("1", LEFT, RED, face="f", name="Ann"), stage.Actor("2", RIGHT, GREEN), seconds=2)
    scene = play(stage.Actor("1", LEFT, RED), stage.Actor("2", RIGHT, GREEN, face="g", name="Ann"), seconds=2)
    assert {person.body: person.name for person in scene.people} == {"1": "", "2": "Ann"}


def test_a_face_that_gets_a_body_stays_the_same_person(show: Any, stage: Any) -> None:
    play = show()
    whole = stage.Actor("1", LEFT, RED, face="f")
    sight = stage.sight(whole)
    alone = type(sight)(**{**vars(sight), "bodies": sight.bodies[:0], "tracks": [], "poses": None})
    for frame in range(10):
        scene = play.perceiver(alone, play.memory, 50 + frame / 10)
    [first] = ids(scene)
    assert scene.people[0].body == ""
    play.stamp = 51.0
    assert ids(play(whole, seconds=1)) == [first]


def test_one_person_on_two_cameras_is_one_by_place(stage: Any, lens: Any, level: Mount) -> None:
    perceiver = build()
    front = Show(stage, perceiver, camera="front", lens=lens, mount=level, frame="map", paired=False)
    rear = Show(stage, perceiver, camera="rear", lens=lens, mount=level, frame="map", paired=False)
    actor, elsewhere = stage.Actor("1", LEFT), stage.Actor("9", RIGHT)
    for _ in range(10):
        one = front(actor)
        both = rear(actor, elsewhere)
    assert ids(one)[0] in ids(both)
    assert len(set(ids(both))) == 2
    assert one.people[0].place.source != PositionSource.NONE


def test_an_id_that_is_given_to_somebody_else_is_noticed(show: Any, stage: Any) -> None:
    play = show()
    [ann] = ids(play(stage.Actor("1", LEFT, RED), seconds=2))
    with pytest.warns(UserWarning, match="an id is given to somebody else"):
        [other] = ids(play(stage.Actor("1", RIGHT, GREEN), seconds=2))
    assert other != ann
    with pytest.warns(UserWarning, match="an id is given to two people"):
        scene = play(stage.Actor("1", RIGHT, GREEN), stage.Actor("1", LEFT, RED))
    assert len(ids(scene)) <= 1


def test_thirty_people_and_none_at_all_are_served(show: Any, stage: Any) -> None:
    play = show()
    crowd = [stage.Actor(f"{n}", (20 * n, 100, 20 * n + 18, 160), (8 * n, 0, 255 - 8 * n)) for n in range(30)]
    assert len(ids(play(*crowd, seconds=1.5))) == 30
    assert ids(play()) == []


def test_poses_and_faces_may_be_missing(show: Any, stage: Any) -> None:
    play = show()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sight = stage.sight(stage.Actor("1", LEFT))
        bare = type(sight)(**{**vars(sight), "poses": None, "faces": None, "image": None})
        for frame in range(10):
            scene = play.perceiver(bare, play.memory, 10 + frame / 10)
    [person] = scene.people
    assert np.isnan(person.place.position).all()
    assert np.isnan(person.distance)


def test_a_track_that_goes_on_after_a_gap_is_of_the_same_person(show: Any, stage: Any) -> None:
    play = show()
    play.more = {"paired": False}
    [ann] = ids(play(stage.Actor("1", LEFT), seconds=1))
    play.memory = play.perceiver.new_memory()
    play.stamp += 1.5
    assert ids(play(stage.Actor("1", LEFT), seconds=1)) == [ann]


def test_where_an_arm_points_is_told_where_depth_is_known(stage: Any, lens: Any) -> None:
    points = stage.skeleton(LEFT)
    points[8, :2], points[10, :2] = points[6, :2] + [-30, 5], points[6, :2] + [-60, 10]
    depth = np.full((480, 640), 3.0, np.float32)
    actor = stage.Actor("1", LEFT, keypoints=points)
    perceiver = build()
    memory, events = perceiver.new_memory(), []
    for frame in range(20):
        sight = stage.sight(actor, lens=lens, mount=Mount(), frame="eye", depth=depth)
        events += perceiver(sight, memory, 1 + frame / 10).events
    [pointing] = [event for event in events if event.kind == "pointing"]
    assert "right arm" in pointing.reason
    assert pointing.reason.endswith("towards -0.99 0.16 0.00 in eye")
