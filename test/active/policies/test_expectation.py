"""The view of which most is expected is the one that shows what is missing, if it is worth the way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.active.policies.expectation import (
    ACTIONS,
    AROUND,
    EXPRESSIONS,
    METRE,
    ExpectedGain,
    Lacking,
    lacking,
    lacking_of_action,
    lacking_of_expression,
)

SHARE = st.floats(0, 0.5)


def body(left: float, right: float) -> np.ndarray:
    """Keypoints, eight to each side of one in the middle, with a score for each side."""
    x = np.concatenate([np.linspace(10, 20, 8), [30], np.linspace(40, 50, 8)])
    return np.column_stack([x, x, np.concatenate([np.full(8, left), [1.0], np.full(8, right)])])


def test_what_is_missing_is_told_by_halves_of_the_image() -> None:
    seen = lacking(body(0.25, 1.0))
    assert (seen.left, seen.right) == (pytest.approx(0.75 * 8 / 17), 0.0)


def test_who_is_whole_is_left_alone_and_who_is_hidden_is_not() -> None:
    policy = ExpectedGain()
    assert policy(lacking(body(0.98, 0.98)), 3.0).move is None
    decision = policy(lacking(body(0.05, 0.9)), 3.0)
    assert decision.move is not None and decision.expected > 0.1
    assert abs(decision.move.pan) in AROUND


def test_a_certain_action_is_left_alone_and_an_unknown_one_is_seen_from_the_side() -> None:
    policy = ExpectedGain(ACTIONS)
    assert policy(lacking_of_action(body(0.95, 0.95), 0.97), 3.0).move is None
    decision = policy(lacking_of_action(body(0.4, 0.9), 0.3), 3.0)
    assert decision.move is not None and decision.expected > 0.1


@pytest.mark.parametrize(("yaw", "sign"), [(1.2, 1), (-1.2, -1)])
def test_a_face_that_is_turned_away_is_gone_around_to_where_it_looks(yaw: float, sign: int) -> None:
    decision = ExpectedGain(EXPRESSIONS)(lacking_of_expression(yaw, 0.2), 2.0)
    assert decision.move is not None and math.copysign(1, decision.move.pan) == sign


def test_an_expression_that_is_seen_from_the_front_and_certain_is_left_alone() -> None:
    assert ExpectedGain(EXPRESSIONS)(lacking_of_expression(0.0, 0.95), 2.0).move is None


@given(left=SHARE, right=SHARE, distance=st.floats(0.5, 20))
def test_a_mirror_turns_the_side_and_a_longer_way_wants_a_larger_gain(
    left: float, right: float, distance: float
) -> None:
    policy = ExpectedGain(((1.0, 0.0, 0.0), (0.5, 0.1, 0.0), (0.2, 0.2, 0.1)))
    here, there = policy(Lacking(left, right), distance), policy(Lacking(right, left), distance)
    if abs(left - right) > 1e-6 and here.move is not None and there.move is not None:
        assert here.expected == pytest.approx(there.expected)
    if here.move is not None:
        assert here.expected > METRE * abs(here.move.pan) * distance - 1e-12
        assert math.isfinite(here.move.pan)


@pytest.mark.parametrize("weights", [((1.0, 0.0, 0.0),), ((math.nan, 0.0, 0.0),) * 3, ((1.0, 0.0),) * 3])
def test_weights_that_are_none_are_refused(weights: tuple[tuple[float, ...], ...]) -> None:
    with pytest.raises(ValueError, match="weights must be"):
        ExpectedGain(weights)


def test_weights_for_something_else_are_refused() -> None:
    with pytest.raises(ValueError, match="for 5 numbers, got 3"):
        ExpectedGain(ACTIONS)(Lacking(0.1, 0.1), 2.0)
