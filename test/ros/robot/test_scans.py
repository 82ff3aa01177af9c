"""A scan of topics is an obstacle, a free way, or a reason to stand still."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import LaserScan

from opendr_perception.active.control.controller import MotionController
from opendr_perception.active.control.limiter import Limits, VelocityLimiter
from opendr_perception.active.control.motion import Move
from opendr_perception.active.control.status import Timeouts
from opendr_perception.active.surroundings.frames import Pose3
from opendr_perception.active.surroundings.geometry import STILL, PersonPosition, Velocity
from opendr_perception.active.surroundings.scan import Blind
from opendr_perception.ros.robot.scans import Repeated, ScanReader

AHEAD = Velocity(x=0.2)


def scan(seconds: float, *ranges: float, frame: str = "base_link", count: int = 72) -> LaserScan:
    """Beams all around, the first backwards; one range is that of all."""
    message = LaserScan(angle_min=-math.pi, angle_increment=2 * math.pi / count, range_min=0.1, range_max=20.0)
    message.header.frame_id = frame
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(round(seconds * 1e9), 10**9)
    message.ranges = list(ranges) if len(ranges) > 1 else list(ranges) * count
    return message


def mount(**poses: Pose3) -> Callable[[str], Pose3 | None]:
    return {"base_link": Pose3.identity(), **poses}.get


def reader(**poses: Pose3) -> ScanReader:
    return ScanReader(mount(**poses), 0.3)


def one_wall(frame: str, beam: int) -> LaserScan:
    """Something 0.45 m from the scanner, in one direction: 0 is behind it, 36 ahead."""
    ranges = [math.inf] * 72
    ranges[beam] = 0.45
    return scan(1.0, *ranges, frame=frame)


def goes(obstacles: np.ndarray, wish: Velocity) -> bool:
    return VelocityLimiter(Limits()).limit(wish, [], obstacles, 1.0) != STILL


def controller() -> MotionController:
    return MotionController("holonomic", Limits(), Timeouts())


def test_a_scanner_that_is_turned_round_guards_the_right_side() -> None:
    reading = reader(laser=Pose3.planar(0.0, 0.0, math.pi))
    behind_it = reading.obstacles(one_wall("laser", 0), 1.0)
    assert behind_it == pytest.approx(np.array([[0.45, 0.0]]), abs=1e-6)
    assert not goes(behind_it, AHEAD)
    assert goes(behind_it, AHEAD.scaled(-1))


def test_a_scanner_at_the_edge_measures_from_there() -> None:
    reading = reader(laser=Pose3.planar(0.2, 0.0, math.pi / 2))
    assert reading.obstacles(one_wall("laser", 36), 1.0) == pytest.approx(np.array([[0.2, 0.45]]), abs=1e-6)


@pytest.mark.parametrize("frame", ["laser", ""])
def test_a_frame_that_nobody_knows_is_blind_and_the_remedy_is_named(frame: str) -> None:
    with pytest.raises(Blind, match=f"where its frame '{frame}' is, tf does not say; .* set scan_pose"):
        reader().obstacles(one_wall(frame, 36), 1.0)


def test_a_stamp_that_stands_still_is_a_repetition() -> None:
    reading = reader()
    reading.obstacles(scan(1.0, 5.0), 1.0)
    with pytest.raises(Repeated, match="does not advance"):
        reading.obstacles(scan(1.0, 5.0), 1.1)
    reading.obstacles(scan(1.1, 5.0), 1.2)


def test_a_scan_of_long_ago_is_blind_where_clocks_agree() -> None:
    reading = reader()
    with pytest.raises(Blind, match=r"0\.70 s old"):
        reading.obstacles(scan(100.0, 5.0), 100.7)
    reading.obstacles(scan(101.0, 5.0), 1e6)


def test_a_stamp_before_the_epoch_is_blind() -> None:
    message = scan(1.0, 5.0)
    message.header.stamp.sec = -1
    with pytest.raises(Blind, match="negative"):
        reader().obstacles(message, 1.0)


RANGES = st.lists(st.one_of(st.floats(width=32), st.sampled_from([math.inf, math.nan, -math.inf, 0.0])), max_size=40)
STRANGE = st.floats(width=32)


@given(RANGES, STRANGE, STRANGE, STRANGE, STRANGE, st.floats(-5, 5), st.booleans())
def test_no_scan_moves_a_robot_beyond_its_limits_and_no_blind_one_moves_it_at_all(
    ranges: list[float],
    angle_min: float,
    increment: float,
    range_min: float,
    range_max: float,
    stamp: float,
    known: bool,
) -> None:
    message = LaserScan(angle_min=angle_min, angle_increment=increment, range_min=range_min, range_max=range_max)
    message.ranges = ranges
    message.header.frame_id = "base_link" if known else "laser"
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(round(stamp * 1e9), 10**9)
    driver, reading, limits = controller(), reader(), Limits()
    driver.observe(1.0, 1.0, PersonPosition(2.5, 0.0))
    driver.move(Move(pan=1.0), 1.0)
    assert driver.tick(1.0, 0.0) is not None
    blind = False
    try:
        driver.scan(1.05, reading.obstacles(message, 1.05))
    except (Blind, Repeated) as error:
        blind = True
        driver.scan_failed(str(error), isinstance(error, Repeated))
    velocity = driver.tick(1.05, 0.05)
    assert velocity is not None
    assert velocity.finite
    assert velocity.speed <= limits.max_acceleration * 0.05 + 1e-9
    assert not (blind and velocity != STILL)
