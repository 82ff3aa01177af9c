"""The node `view_control` over real topics: it stands unless it knows that the way is free and that it commands."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import rclpy
from action_msgs.msg import GoalStatus
from geometry_msgs.msg import Twist
from sensor_msgs.msg import LaserScan
from std_msgs.msg import String
from std_srvs.srv import SetBool

ZERO = (0.0, 0.0, 0.0)

Change = Callable[[LaserScan], None]

# --- scans ------------------------------------------------------------------------------------------------------------


def ranges(value: float) -> Change:
    def change(scan: LaserScan) -> None:
        scan.ranges = [value] * 72

    return change


def nothing(scan: LaserScan) -> None:
    scan.ranges = []


def no_range(scan: LaserScan) -> None:
    scan.range_max = scan.range_min


def no_angles(scan: LaserScan) -> None:
    scan.angle_min = math.nan


def elsewhere(scan: LaserScan) -> None:
    scan.header.frame_id = "laser"


def before(scan: LaserScan) -> None:
    scan.header.stamp.sec -= 2


BLIND = {
    "NaN": (ranges(math.nan), "scan is blind: 100% of its beams"),
    "beyond the scanner's range": (ranges(65.533), "scan is blind: 100% of its beams"),
    "zero": (ranges(0.0), "scan is blind: all of its ranges are 0"),
    "no beams": (nothing, "scan is blind: it has no beams"),
    "no range": (no_range, "scan is blind: its ranges go from 0.1 to 0.1 m"),
    "no angles": (no_angles, "scan is blind: its angles begin at nan"),
    "an unknown frame": (elsewhere, "scan is blind: where its frame 'laser' is, tf does not say"),
    "too old": (before, "scan is blind: its stamp is 2.0"),
    "too near": (ranges(-math.inf), "a person or an obstacle is in the way"),
    "below the least range": (ranges(0.05), "a person or an obstacle is in the way"),
}


@pytest.mark.parametrize("fault", BLIND)
def test_a_scanner_that_sees_nothing_stops_the_robot_and_keeps_it_standing(
    graph: Any, client: Any, robot: Any, fault: str
) -> None:
    change, message = BLIND[fault]
    base = robot(scanning=True, policy="rule")
    result = client.send()
    base.starts()
    base.change, since = change, time.monotonic()
    base.stops(since)
    assert client.ends(result)[1].startswith(message)
    base.heard.clear()
    assert client.ends(client.send())[1].startswith(message)
    assert base.stands(True)


def test_a_scan_that_repeats_itself_stops_the_robot(graph: Any, client: Any, robot: Any) -> None:
    base = robot(scanning=True)
    result = client.send()
    base.starts()
    frozen, since = graph.header().stamp, time.monotonic()

    def freeze(scan: LaserScan) -> None:
        scan.header.stamp = frozen

    base.change = freeze
    base.stops(since)
    assert client.ends(result)[1] == "scan is blind: its stamp does not advance"


def test_a_robot_that_requires_scans_does_not_begin_without(graph: Any, client: Any, robot: Any) -> None:
    base = robot(require_scan=True)
    assert client.ends(client.send())[1] == "no scan of obstacles has come, and require_scan is true"
    assert base.stands(True)
    base.scanning = True
    base.starts_again(client)


def test_the_place_of_the_scanner_can_be_given_and_the_right_side_is_guarded(
    graph: Any, client: Any, robot: Any
) -> None:
    def wall_behind_the_scanner(scan: LaserScan) -> None:
        scan.header.frame_id = "laser"
        angles = np.abs(scan.angle_min + scan.angle_increment * np.arange(72))
        scan.ranges = np.where(angles > math.pi / 2, 0.45, 10.0).tolist()

    base = robot(policy="rule", max_moves=1, scan_pose=[0.0, 0.0, math.pi], require_scan=True)
    base.change, base.scanning = wall_behind_the_scanner, True
    assert client.ends(client.send())[1] == "a person or an obstacle is in the way"


# --- who commands, and what the base does -----------------------------------------------------------------------------


def test_a_second_commander_stops_the_robot_and_nothing_begins_while_it_is_there(
    graph: Any, client: Any, robot: Any
) -> None:
    base = robot()
    result = client.send()
    base.starts()
    teleop = rclpy.create_node("teleop", namespace=graph.namespace)
    since = time.monotonic()
    commands = teleop.create_publisher(Twist, "cmd_vel", 1)
    base.stops(since, within=1.0)
    reason = f"cmd_vel has another publisher, {graph.namespace}/teleop; put twist_mux between, or stop it"
    assert client.ends(result)[1] == reason
    assert graph.diagnosis("motion", reason)["level"] == "1"
    base.heard.clear()
    assert client.ends(client.send())[1] == reason
    assert base.stands(True)
    teleop.destroy_publisher(commands)
    base.starts_again(client)
    teleop.destroy_node()


def test_a_base_that_does_not_follow_is_an_error(graph: Any, client: Any, robot: Any) -> None:
    base = robot(odometry=True)
    base.measure = lambda: ZERO
    status, message = client.ends(client.send())
    assert message.startswith("the base does not follow: ")
    assert status == GoalStatus.STATUS_SUCCEEDED
    base.stops(time.monotonic())
    assert graph.diagnosis("motion", "the base does not follow")["level"] == "2"


def test_a_base_that_moves_though_zero_is_commanded_is_an_error(graph: Any, client: Any, robot: Any) -> None:
    base = robot(odometry=True, max_moves=1)
    client.send()
    base.starts()
    last = base.velocity
    base.measure = lambda: last
    assert graph.call(SetBool, "view_control/stop", SetBool.Request(data=True)).success
    assert graph.diagnosis("motion", "though zero is commanded")["level"] == "2"
    graph.call(SetBool, "view_control/stop", SetBool.Request(data=False))
    base.heard.clear()
    assert "(odom)" in client.ends(client.send())[1]
    assert base.stands(True)
    base.measure = lambda: base.velocity
    base.starts_again(client)


def test_a_base_that_obeys_is_no_matter(graph: Any, client: Any, robot: Any) -> None:
    robot(odometry=True, max_moves=2)
    assert client.ends(client.send())[1] == "all 2 moves are made"


# --- stopped by people ------------------------------------------------------------------------------------------------


def test_a_stop_wins_over_everything_until_it_is_taken_back(graph: Any, client: Any, robot: Any) -> None:
    base = robot(continuous=True)
    states = graph.listen(String, "view_control/state")
    base.starts()
    since = time.monotonic()
    answer = graph.call(SetBool, "view_control/stop", SetBool.Request(data=True))
    reason = f"stopped by {graph.namespace}/view_control/stop"
    assert (answer.success, answer.message) == (True, reason)
    base.stops(since)
    states.find(lambda message: message.data == "stopped", "state stopped")
    base.heard.clear()
    refused = (GoalStatus.STATUS_ABORTED, reason)
    assert client.ends(client.send()) == refused
    assert graph.diagnosis("motion", reason)["level"] == "1"
    assert graph.change_state("view_control", "deactivate")
    assert graph.change_state("view_control", "cleanup")
    assert graph.change_state("view_control", "configure")
    assert graph.change_state("view_control", "activate")
    assert client.ends(client.send()) == refused
    assert base.stands(True)
    graph.call(SetBool, "view_control/stop", SetBool.Request(data=False))
    states.find(lambda message: message.data == "idle", "state idle")
    base.starts()


def test_a_goal_under_way_ends_with_the_stop(graph: Any, client: Any, robot: Any) -> None:
    base = robot()
    result = client.send()
    base.starts()
    graph.call(SetBool, "view_control/stop", SetBool.Request(data=True))
    assert client.ends(result) == (GoalStatus.STATUS_ABORTED, f"stopped by {graph.namespace}/view_control/stop")


# --- speed ------------------------------------------------------------------------------------------------------------


def test_more_than_the_reduced_speed_must_be_meant(graph: Any, control: Any, capfd: pytest.CaptureFixture[str]) -> None:
    node = control(max_linear=0.4)
    assert node.stage == "unconfigured"
    (line,) = (line for line in capfd.readouterr().err.splitlines() if "cannot configure" in line)
    assert "max_linear 0.4 m/s is above 0.25 m/s" in line
    assert "set allow_fast to true" in line
