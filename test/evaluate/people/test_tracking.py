"""Measures of tracks, by hand; and the ways in which frames come."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.evaluate.people.sets import LabelledPeople
from opendr_perception.evaluate.people.tracking import Course, Followed, measure
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.nms.candidates import Detections

LEFT, RIGHT = (0.0, 0.0, 10.0, 20.0), (50.0, 0.0, 60.0, 20.0)
FILM = {
    number: LabelledPeople(np.array([LEFT, RIGHT]), np.array([1, 2]), np.array([False, False]))
    for number in range(1, 11)
}


def named(left: str, right: str) -> Followed:
    return np.array([LEFT, RIGHT]), [left, right]


def test_tracks_that_stay_are_perfect() -> None:
    figures = measure(FILM, {number: named("k-1", "k-2") for number in FILM})
    assert (figures["MOTA"], figures["IDF1"], figures["switches"]) == (1.0, 1.0, 0)


def test_an_exchange_of_ids_is_two_switches_and_half_of_the_identities() -> None:
    figures = measure(FILM, {number: named(*("ab" if number <= 5 else "ba")) for number in FILM})
    assert figures["switches"] == 2 and figures["MOTA"] == pytest.approx(0.9)
    assert figures["IDF1"] == pytest.approx(0.5)


def test_a_new_id_is_one_switch() -> None:
    figures = measure(FILM, {number: named("a", "b" if number <= 8 else "c") for number in FILM})
    assert figures["switches"] == 1 and figures["IDF1"] == pytest.approx(0.9)


def test_a_track_of_somebody_who_is_ignored_is_not_wrong() -> None:
    film = {n: LabelledPeople(one.boxes, one.ids, np.array([False, True])) for n, one in FILM.items()}
    assert measure(film, {number: named("a", "b") for number in film})["precision"] == 1.0
    nobody = {number: (np.array([LEFT]), ["a"]) for number in film}
    assert measure(film, nobody)["recall"] == 1.0


@pytest.mark.parametrize("course", [Course(), Course(step=4), Course(lost=0.5), Course(late=0.5)])
def test_labelled_frames_always_come(course: Course) -> None:
    shown = Image(np.zeros((40, 80, 3), np.uint8), "bgr8")
    people = Detections(np.array([LEFT, RIGHT], np.float32), np.array([0.9, 0.8], np.float32))
    for number in range(1, 11):
        course.show(number, number % 2 == 0, 10.0, people, shown)
    assert [*course.followed] == [2, 4, 6, 8, 10]
    *_, (_, names) = course.followed.values()
    assert [name.split("-")[1] for name in names] == ["1", "2"]
