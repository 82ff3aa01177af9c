"""Tracks of people: numbers that stay, and that nobody gets twice."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator

import numpy as np
import pytest

from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.people.detection import Detections
from opendr_perception.tasks.people.tracking import PersonTracker, new_ids


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    """The tracker's library warns of stamps that it cannot follow."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def people(*lefts: float, scores: list[float] | None = None) -> Detections:
    """People of 40 x 100 pixels at these places."""
    boxes = np.array([[left, 50, left + 40, 150] for left in lefts], np.float32).reshape(-1, 4)
    return Detections(boxes, np.array(scores if scores is not None else [0.9] * len(lefts), np.float32))


def tracker() -> PersonTracker:
    return PersonTracker(map(str, itertools.count(1)))


def test_a_person_gets_a_number_in_the_second_frame_and_keeps_it() -> None:
    tracks = tracker()
    walk = [tracks.update(people(100 + 5 * step), 1.0 + step / 10) for step in range(20)]
    assert walk[0] == [""]
    assert walk[1:] == [["1"]] * 19


def test_numbers_follow_people_when_their_order_changes() -> None:
    tracks = tracker()
    for step in range(3):
        first = tracks.update(people(100, 400, 700), 1 + step / 10)
    assert sorted(first) == ["1", "2", "3"]
    assert tracks.update(people(700, 100, 400), 1.3) == [first[2], first[0], first[1]]
    assert tracks.update(people(400), 1.4) == [first[1]]


@pytest.mark.parametrize("rate", [3, 10, 30])
def test_somebody_who_was_hidden_for_a_moment_is_known_again(rate: int) -> None:
    tracks = tracker()
    for step in range(2 * rate):
        [number] = tracks.update(people(100), 1 + step / rate)
    hidden = 3 + np.arange(1, rate // 2 + 1) / rate
    for stamp in hidden:
        assert tracks.update(people(), stamp) == []
    assert tracks.update(people(100), 3 + (rate // 2 + 1) / rate) == [number]


def test_somebody_who_comes_back_much_later_is_somebody_new() -> None:
    tracks = tracker()
    for step in range(10):
        [number] = tracks.update(people(100), 1 + step / 10)
    for step in range(50):
        tracks.update(people(), 2 + step / 10)
    again = [tracks.update(people(100), 7 + step / 10) for step in range(3)]
    assert number == "1"
    assert again == [[""], ["2"], ["2"]]


def test_weak_detections_prolong_a_track_but_begin_none() -> None:
    tracks = tracker()
    for step in range(5):
        assert tracks.update(people(100, scores=[0.3]), 1 + step / 10) == [""]
    for step in range(5, 10):
        tracks.update(people(100), 1 + step / 10)
    assert tracks.update(people(100, scores=[0.3]), 2.0) == ["1"]


def test_trackers_that_share_numbers_never_give_one_twice() -> None:
    ids = map(str, itertools.count(1))
    front, rear = PersonTracker(ids), PersonTracker(ids)
    for step in range(3):
        seen = [*front.update(people(100, 300), 1 + step / 10), *rear.update(people(100, 300), 1 + step / 10)]
    assert sorted(seen) == ["1", "2", "3", "4"]


def test_interleaved_trackers_equal_separate_ones() -> None:
    def run(trackers: list[PersonTracker]) -> list[list[list[str]]]:
        random = np.random.default_rng(5)
        return [
            [track.update(people(*(100 * k + 3 * step + random.uniform(-2, 2) for k in range(3))), 1 + step / 10)
             for track in trackers]
            for step in range(10)
        ]  # fmt: skip

    def canonical(rows: list[list[str]]) -> list[list[int]]:
        order: dict[str, int] = {}
        return [[order.setdefault(name, len(order)) for name in row] for row in rows]

    shared = map(str, itertools.count(1))
    together = run([PersonTracker(shared), PersonTracker(shared)])
    apart = run([tracker(), tracker()])
    for stream in (0, 1):
        assert canonical([row[stream] for row in together]) == canonical([row[stream] for row in apart])


@pytest.mark.parametrize("stamp", [0.0, 5.0, 1.7e9], ids=["unstamped", "one stamp", "one stamp of today"])
def test_frames_without_a_stamp_or_with_the_same_stamp_are_tracked(stamp: float) -> None:
    tracks = tracker()
    walk = [tracks.update(people(100 + 2 * step), stamp) for step in range(8)]
    assert walk[1:] == [["1"]] * 7


def test_stamps_of_today_are_fine_enough() -> None:
    tracks = tracker()
    assert [tracks.update(people(100 + step), 1.79e9 + step / 30) for step in range(5)][1:] == [["1"]] * 4


def test_nobody_is_nobody() -> None:
    tracks = tracker()
    assert [tracks.update(people(), 1 + step) for step in range(3)] == [[], [], []]


def test_a_track_is_alive_until_it_cannot_come_back() -> None:
    tracks = tracker()
    for step in range(3):
        tracks.update(people(100), 1.0 + step / 10)
    tracks.update(people(), 1.3)
    assert tracks.alive == {"1"}
    for step in range(40):
        tracks.update(people(), 1.4 + step / 10)
    assert tracks.alive == set()


def test_people_on_a_slow_camera_get_numbers() -> None:
    tracks = tracker()
    walk = [tracks.update(people(100 + 2 * step), 1.0 + 2.5 * step) for step in range(10)]
    assert walk[2:] == [["1"]] * 8
    assert tracks.update(people(118), 24.0 + 60.0) != ["1"], "after a minute it may be anybody"


def test_a_node_that_starts_again_gives_other_ids() -> None:
    starts = [new_ids() for _ in range(5)]
    ids = [next(start) for start in starts for _ in range(3)]
    assert len({name.split("-")[0] for name in ids}) > 1
    assert [name.split("-")[1] for name in ids] == ["1", "2", "3"] * 5
    assert all(name[0].isalpha() for name in ids), "no program may take an id for a number"


def dressed(boxes: np.ndarray, colours: list[tuple[int, int, int]]) -> Image:
    """People in plain clothes before a grey wall."""
    pixels = np.full((200, 400, 3), 90, np.uint8)
    for (left, top, right, bottom), colour in zip(boxes.astype(int), colours, strict=True):
        pixels[top:bottom, left:right] = colour
    return Image(pixels, "bgr8")


def test_people_who_meet_and_turn_back_keep_their_ids_by_their_colours() -> None:
    def walk(with_images: bool) -> bool:
        tracks, names = tracker(), []
        for step in range(24):
            gap = abs(step - 12) * 10.0
            found = people(180 - gap, 184 + gap)
            if 10 <= step <= 14:
                found = Detections(found.boxes[:1], found.scores[:1])  # one hides the other
            image = dressed(found.boxes, [(0, 0, 200), (200, 0, 0)][: len(found)]) if with_images else None
            names.append(tracks.update(found, 1 + step / 10, image))
        return names[-1] == names[5]

    assert walk(with_images=True)


def test_an_id_does_not_jump_to_somebody_in_other_clothes() -> None:
    tracks = tracker()
    for step in range(10):
        found = people(100)
        [first] = tracks.update(found, 1 + step / 10, dressed(found.boxes, [(0, 0, 200)]))
    after = [tracks.update(people(108), 2 + step / 10, dressed(people(108).boxes, [(200, 0, 0)])) for step in range(4)]
    assert first == "1"
    assert after[-1] not in ([""], ["1"]), "somebody else stands there"


def test_tracks_without_images_now_and_then_go_on() -> None:
    tracks = tracker()
    for step in range(12):
        found = people(100 + 2 * step)
        image = dressed(found.boxes, [(0, 0, 200)]) if step % 3 else None
        names = tracks.update(found, 1 + step / 10, image)
    assert names == ["1"]


@pytest.mark.parametrize("textured", [True, False], ids=["before a room", "before a plain wall, not seen to turn"])
def test_people_keep_their_ids_where_the_camera_turns(textured: bool) -> None:
    rng = np.random.default_rng(0)
    room = np.kron(rng.integers(0, 200, (40, 60, 3)) if textured else np.full((40, 60, 3), 90), np.ones((16, 16, 1)))
    tracks, places, names = PersonTracker(new_ids()), np.array([360.0, 440, 520]), []
    for turned in (0, 0, 0, 60, 60, 60, 0, 0, 0, 60, 60, 60):
        seen = np.ascontiguousarray(room[:480, turned : turned + 640].astype(np.uint8))
        found = people(*(places - turned))
        for left, top, right, bottom in found.boxes.astype(int):
            seen[top:bottom, left:right] = (0, 0, 200)
        names.append(tracks.update(found, 1 + len(names) / 10, Image(seen, "bgr8")))
    kept = all(each == names[2] for each in names[2:])
    assert kept is textured
