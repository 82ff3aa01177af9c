"""Probabilities of names, from several views."""

from __future__ import annotations

import math

import numpy as np
import pytest

from opendr_perception.active.belief import UNKNOWN, belief
from opendr_perception.active.policy import Recognition, View
from opendr_perception.tasks.image import Image

BLACK = Image(np.zeros((8, 8, 3), np.uint8), "bgr8")


def view(pan: float = 0.0, **distances: float) -> View:
    return View(BLACK, np.zeros(4), np.zeros((6, 2)), Recognition("", 0.0, distances), 2.0, pan)


def test_probabilities_sum_to_one_and_the_nearest_is_first() -> None:
    shares = belief([view(ann=0.3, bob=0.45)], 0.47)
    assert sum(shares.values()) == pytest.approx(1)
    assert max(shares, key=shares.__getitem__) == "ann"
    assert shares[UNKNOWN] < shares["bob"]


def test_a_stranger_is_nobody() -> None:
    shares = belief([view(ann=0.62, bob=0.7)], 0.47)
    assert max(shares, key=shares.__getitem__) == UNKNOWN
    assert belief([], 0.47) == {UNKNOWN: 1.0}


def test_views_from_elsewhere_say_more_than_the_same_view_again() -> None:
    once = belief([view(ann=0.38, bob=0.45)], 0.47)["ann"]
    again = belief([view(ann=0.38, bob=0.45), view(ann=0.38, bob=0.45)], 0.47)["ann"]
    elsewhere = belief([view(ann=0.38, bob=0.45), view(math.radians(20), ann=0.38, bob=0.45)], 0.47)["ann"]
    assert once < again < elsewhere
