"""Probabilities of names, from several views."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from opendr_perception.active.perception.face_mesh import HeadFit
from opendr_perception.active.perception.identity import UNKNOWN, apparent_yaw, belief, legible, most_probable
from opendr_perception.active.perception.observation import FaceObservation, Recognition
from opendr_perception.tasks.face.geometry import FACING, HEAD
from opendr_perception.tasks.imaging.image import Image

BLACK = Image(np.zeros((480, 640, 3), np.uint8), "bgr8")
FOCAL = 320 / math.tan(math.radians(30))


def view(yaw: float = 0.0, away: float = 100.0, pan: float = 0.0, **distances: float) -> FaceObservation:
    """An average head, turned by some degrees, cm away, in the middle of the image."""
    c, s = math.cos(math.radians(-yaw)), math.sin(math.radians(-yaw))
    head = HEAD @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T @ FACING.T + [0, 0, away]
    points = head[:, :2] / head[:, 2:] * FOCAL + [320, 240]
    side = 16 * FOCAL / away
    box = np.array([320 - side / 2, 240 - side / 2, 320 + side / 2, 240 + side / 2])
    return FaceObservation(BLACK, box, points, Recognition("", 0.0, distances), away / 100, math.radians(pan))


@pytest.mark.parametrize("yaw", [-50, 0, 30])
def test_the_yaw_of_a_view_is_that_of_the_head(yaw: float) -> None:
    assert math.degrees(apparent_yaw(view(yaw))) == pytest.approx(yaw, abs=1)


def test_probabilities_sum_to_one_and_the_nearest_is_first() -> None:
    shares = belief([view(ann=0.64, bob=0.95)])
    assert sum(shares.values()) == pytest.approx(1)
    assert most_probable([view(ann=0.64, bob=0.95)])[0] == "ann"
    assert shares["bob"] < 0.05


def test_a_stranger_is_nobody_even_a_little_within_the_threshold() -> None:
    assert most_probable([view(ann=0.98, bob=1.3)])[0] == UNKNOWN
    assert belief([]) == {UNKNOWN: 1.0}
    assert belief([view()]) == {UNKNOWN: 1.0}, "nobody is enrolled"


def test_a_view_from_the_side_or_from_afar_says_little() -> None:
    good, turned, far = (belief([v])["ann"] for v in (view(ann=0.6), view(70, ann=1.0), view(away=1000, ann=0.9)))
    assert good > 0.9
    assert turned < good
    assert far < good
    stranger, hidden = belief([view(ann=1.2)])[UNKNOWN], belief([view(85, ann=1.2)])[UNKNOWN]
    assert hidden < stranger


def test_more_views_of_a_stranger_make_them_more_surely_a_stranger() -> None:
    views = [view(ann=1.05, bob=1.2), view(20, pan=20, ann=1.1, bob=1.2), view(-20, pan=-20, ann=1.12, bob=1.3)]
    shares = [belief(views[:count])[UNKNOWN] for count in (1, 2, 3)]
    assert shares == sorted(shares)
    assert shares[2] > shares[0]


def test_what_was_no_face_is_overcome_by_good_views() -> None:
    misleading = view(ann=3.0, bob=3.0)
    assert most_probable([misleading, view(pan=20, ann=0.5, bob=1.3), view(pan=-20, ann=0.5, bob=1.3)])[0] == "ann"


def test_views_from_elsewhere_say_more_than_the_same_view_again() -> None:
    once = belief([view(ann=0.8)])["ann"]
    again = belief([view(ann=0.8), view(ann=0.8)])["ann"]
    elsewhere = belief([view(ann=0.8), view(pan=20, ann=0.8)])["ann"]
    nearer = belief([view(ann=0.8), view(away=60, ann=0.8)])["ann"]
    assert once < again < min(elsewhere, nearer)


def test_of_two_who_are_equally_near_the_one_without_a_rival_is_more_probable() -> None:
    alone, beside = (belief([view(ann=0.8, bob=other)])["ann"] for other in (1.3, 0.95))
    assert alone > beside


def test_a_view_that_the_mesh_takes_for_no_face_says_nothing_unless_it_is_a_profile() -> None:
    def fitted(seen: FaceObservation, presence: float) -> FaceObservation:
        return replace(seen, head=HeadFit(np.zeros((0, 3)), np.zeros(0, bool), presence, 0.0))

    leaves, profile = fitted(view(ann=1.5, bob=1.5), 0.02), fitted(view(75, ann=1.1, bob=1.4), 0.02)
    good = fitted(view(pan=40, ann=0.6, bob=1.3), 0.9)
    assert (legible(leaves), legible(profile), legible(good)) == (False, True, True)
    assert belief([leaves]) == {UNKNOWN: 1.0}
    assert belief([leaves, good]) == belief([good])
    assert belief([profile]) != {UNKNOWN: 1.0}


def test_no_number_of_views_makes_certain_what_one_person_has_in_common_in_all_of_them() -> None:
    views = [view(pan=20 * k, ann=0.85, bob=1.2) for k in range(9)]
    three, nine = (math.log(shares["ann"] / shares[UNKNOWN]) for shares in (belief(views[:3]), belief(views)))
    assert abs(nine) < 2.5 * abs(three) + 2
