"""Signs are where this goes wrong: each is checked by a picture that one can draw."""

from __future__ import annotations

import math

import pytest

from opendr_perception.active.geometry import Person, Velocity, wrap

AHEAD = Person(2.0, 0.0)


def test_going_to_the_own_right_increases_pan() -> None:
    assert AHEAD.pan_rate(Velocity(y=-0.2)) == pytest.approx(0.1)
    assert AHEAD.pan_rate(Velocity(x=0.2)) == 0


def test_a_step_to_the_right_shows_the_person_on_the_left() -> None:
    assert AHEAD.after(Velocity(y=-0.2), 0.1).bearing == pytest.approx(0.01)
    assert AHEAD.after(Velocity(yaw=0.5), 0.1).bearing == pytest.approx(-0.05)
    assert AHEAD.after(Velocity(x=0.2), 0.1).distance == pytest.approx(1.98)


@pytest.mark.parametrize("bearing", [-2.5, -0.4, 0.0, 0.7, 3.0])
def test_prediction_agrees_with_moving_points(bearing: float) -> None:
    velocity, seconds = Velocity(0.3, -0.2, 0.4), 1e-4
    x, y = 2 * math.cos(bearing) - velocity.x * seconds, 2 * math.sin(bearing) - velocity.y * seconds
    expected = wrap(math.atan2(y, x) - velocity.yaw * seconds)
    found = Person(2.0, bearing).after(velocity, seconds)
    assert found.bearing == pytest.approx(expected, abs=1e-7)
    assert found.distance == pytest.approx(math.hypot(x, y), abs=1e-7)
