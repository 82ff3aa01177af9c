"""Encoding of an episode for a network."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from opendr_perception.active.perception.identity import apparent_yaw
from opendr_perception.active.perception.observation import FaceObservation, RangeOnly, Recognition
from opendr_perception.active.policies.situation import FEATURES, LANDMARKS, NUMBERS, Situation, observe

Face = Callable[..., FaceObservation]


def told(*looks: FaceObservation | RangeOnly, blocked: bool = False) -> np.ndarray:
    """The observation after some looks."""
    situation = Situation()
    for look in looks:
        situation = situation.after(look, blocked)
    return observe(situation)


def number(observation: np.ndarray, name: str) -> float:
    return float(observation[LANDMARKS + NUMBERS.index(name)])


def test_the_nose_says_where_the_front_is(face: Face) -> None:
    for yaw in (-1.0, -0.3, 0.3, 1.0):
        assert apparent_yaw(face(yaw)) == pytest.approx(yaw, abs=0.15)
        nose, eyes = told(face(yaw))[4], told(face(yaw))[[0, 2]].mean()
        assert (nose - eyes) * yaw > 0


def test_names_are_followed_over_all_views(face: Face) -> None:
    seen = told(face(confidence=0.3, name="bob"), face(confidence=0.1, pan=0.5))
    expected = {"found": 1, "confidence": 0.1, "second": 0, "best": 0.3, "same name": 0, "gain": -0.2}
    expected |= {"best second": 0.2, "pan to best": -0.5, "pan": 0.5, "turned": 0.5, "looks": 2 / 7}
    expected |= {"pan to leftmost": -0.5, "pan to rightmost": 0}
    assert {name: number(seen, name) for name in expected} == pytest.approx(expected, abs=1e-6)
    assert 0 < number(seen, "probability") < 1
    assert number(seen, "unknown") + number(seen, "probability") <= 1


def test_a_face_that_is_not_found_is_told_by_where_the_person_stands(face: Face) -> None:
    seen = told(face(confidence=0.2), RangeOnly(1.0, -0.25), blocked=True)
    assert not seen[:LANDMARKS].any()
    expected = {"found": 0, "confidence": 0, "best": 0.2, "pan": -0.25, "came nearer": 1, "distance": -1, "blocked": 1}
    assert {name: number(seen, name) for name in expected} == pytest.approx(expected, abs=1e-6)
    assert number(told(RangeOnly(8.0, 0.0)), "unknown") == 1, "nothing speaks for anybody yet"


def test_what_is_not_known_is_told_as_zero(face: Face) -> None:
    unknown = told(replace(face(), distance=math.nan, recognition=Recognition("", math.nan)))
    assert unknown.shape == (FEATURES,)
    assert unknown.dtype == np.float32
    assert np.isfinite(unknown).all()
    assert number(unknown, "confidence") == number(unknown, "distance") == 0
