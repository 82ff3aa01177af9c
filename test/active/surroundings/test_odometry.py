"""Pose of the robot when an image was taken."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.active.surroundings.geometry import STILL, PersonPosition, Velocity
from opendr_perception.active.surroundings.odometry import HISTORY, MOST, Odometry, Place

SPEED = st.floats(-1.0, 1.0)
PART = st.tuples(SPEED, SPEED, SPEED, st.floats(0.01, 0.3))


@given(st.lists(PART, min_size=1, max_size=12), st.floats(0.0, 1.0), st.floats(0.2, 5.0), st.floats(-3.0, 3.0))
def test_who_stands_still_is_seen_where_they_are_whenever_the_image_was_taken(
    parts: list[tuple[float, float, float, float]], share: float, away: float, bearing: float
) -> None:
    odometry, total = Odometry(), sum(part[3] for part in parts)
    x = y = yaw = 0.0
    poses = [(0.0, x, y, yaw)]
    for vx, vy, turn, seconds in parts:
        odometry.command(Velocity(vx, vy, turn))
        odometry.advance(seconds)
        for _ in range(100):  # in small steps, as the robot really goes
            small = seconds / 100
            c, s = math.cos(yaw + turn * small / 2), math.sin(yaw + turn * small / 2)
            x, y, yaw = x + small * (c * vx - s * vy), y + small * (s * vx + c * vy), yaw + turn * small
            poses.append((poses[-1][0] + small, x, y, yaw))
    ago = share * total
    then = min(poses, key=lambda pose: abs(pose[0] - (total - ago)))
    place = odometry.at(total - then[0])
    assert (place.x, place.y) == pytest.approx(then[1:3], abs=0.01)
    point = Place(*then[1:]).point(PersonPosition(away, bearing))
    seen = odometry.place.see(place.point(PersonPosition(away, bearing)))
    assert seen.distance == pytest.approx(math.dist(point, (x, y)), abs=0.03)


def test_what_is_to_come_goes_on_as_commanded() -> None:
    odometry = Odometry()
    odometry.command(Velocity(x=0.5))
    assert odometry.at(-0.2).x == pytest.approx(0.1)


def test_before_what_is_remembered_the_robot_was_where_its_memory_begins() -> None:
    odometry = Odometry()
    for _ in range(3 * MOST):
        odometry.command(Velocity(x=0.1))
        odometry.advance(0.01)
    odometry.command(STILL)
    assert odometry.place.x == pytest.approx(0.1 * 0.01 * 3 * MOST)
    assert odometry.place.x - odometry.at(100.0).x == pytest.approx(0.1 * HISTORY, abs=0.01)
    assert len(odometry._turns) <= MOST
