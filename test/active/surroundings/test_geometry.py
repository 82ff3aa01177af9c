"""Signs are where this goes wrong: each is checked by an image that one can draw."""

from __future__ import annotations

import pytest

from opendr_perception.active.surroundings.geometry import PersonPosition, Velocity, wrap
from opendr_perception.active.surroundings.odometry import Place

AHEAD = PersonPosition(2.0, 0.0)


def test_going_to_the_own_right_increases_pan() -> None:
    assert AHEAD.pan_rate(Velocity(y=-0.2)) == pytest.approx(0.1)
    assert AHEAD.pan_rate(Velocity(x=0.2)) == 0


def test_a_step_to_the_right_shows_the_person_on_the_left() -> None:
    def seen(velocity: Velocity) -> PersonPosition:
        return Place().after(velocity, 0.1).see((2.0, 0.0))

    assert seen(Velocity(y=-0.2)).bearing == pytest.approx(0.01, abs=1e-6)
    assert seen(Velocity(yaw=0.5)).bearing == pytest.approx(-0.05)
    assert seen(Velocity(x=0.2)).distance == pytest.approx(1.98)


@pytest.mark.parametrize("bearing", [-2.5, -0.4, 0.0, 0.7, 3.0])
def test_rates_agree_with_moving_robots(bearing: float) -> None:
    velocity, seconds, person = Velocity(0.3, -0.2, 0.4), 1e-5, PersonPosition(2.0, bearing)
    after = Place().after(velocity, seconds).see(Place().point(person))
    assert (person.distance - after.distance) / seconds == pytest.approx(person.closing_speed(velocity), abs=1e-4)
    turned = wrap(after.bearing - bearing) / seconds
    assert turned == pytest.approx(person.pan_rate(velocity) - velocity.yaw, abs=1e-4)
