"""The plugin for webots_ros2_driver, with a robot that does what Webots' does as far as the plugin uses it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry

from opendr_perception.ros.robot.webots import WebotsDriver

STEP = 0.016


class Robot:
    """A supervisor and its own body, turned a quarter to the left."""

    def __init__(self) -> None:
        self.time = 0.0
        self.velocity = [0.0, 0.0, -0.1, 0.0, 0.0, 0.0]

    def getSelf(self) -> Robot:
        return self

    def getTime(self) -> float:
        return self.time

    def getOrientation(self) -> list[float]:
        return [0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]

    def getPosition(self) -> list[float]:
        return [1.0, 2.0, 0.16]

    def getVelocity(self) -> list[float]:
        return self.velocity

    def setVelocity(self, velocity: list[float]) -> None:
        self.velocity = velocity


class DrivenRobot(Robot):
    """One that goes where it is told, in steps of the simulation."""

    def __init__(self) -> None:
        super().__init__()
        self.x, self.y, self.yaw = 0.0, 0.0, 0.0

    def advance(self) -> None:
        self.time += STEP
        self.x, self.y = self.x + STEP * self.velocity[0], self.y + STEP * self.velocity[1]
        self.yaw += STEP * self.velocity[5]

    def getOrientation(self) -> list[float]:
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return [c, -s, 0.0, s, c, 0.0, 0.0, 0.0, 1.0]

    def getPosition(self) -> list[float]:
        return [self.x, self.y, 0.16]


class WebotsNode:
    def __init__(self, robot: Robot) -> None:
        self.robot = robot


@pytest.fixture
def driver(ros: None) -> Iterator[WebotsDriver]:
    driver = WebotsDriver()
    yield driver
    driver.close()


def begin(driver: WebotsDriver, **properties: str) -> Robot:
    robot = Robot()
    driver.init(WebotsNode(robot), properties)
    return robot


def drive(graph: Any, driver: WebotsDriver, robot: Robot, message: Any) -> None:
    """Send a velocity, and step until the robot moves."""
    publisher = graph.observer.create_publisher(type(message), "/cmd_vel", 1)

    def moves() -> bool:
        publisher.publish(message)
        driver.step()
        return robot.velocity[0] != 0 or robot.velocity[1] != 0

    graph.wait(moves, lambda: "the robot does not move")


@pytest.mark.parametrize("kind", [Twist, TwistStamped])
def test_it_drives_in_its_own_frame_and_stops_without_commands(graph: Any, driver: WebotsDriver, kind: type) -> None:
    robot = begin(driver, stamped=str(kind is TwistStamped).lower())
    odometry = graph.listen(Odometry, "/odom", publishers=1)
    message = kind()
    twist = message.twist if kind is TwistStamped else message
    twist.linear.x, twist.linear.y, twist.angular.z = 0.3, 0.1, 9.0
    drive(graph, driver, robot, message)
    assert robot.velocity == pytest.approx([-0.1, 0.3, -0.1, 0, 0, 2.0]), "turned by its heading, and within its limits"
    seen = odometry.find(lambda m: m.twist.twist.linear.x > 0.2, "odometry")
    assert (seen.pose.pose.position.x, seen.pose.pose.position.y) == (1.0, 2.0)
    assert 2 * math.asin(seen.pose.pose.orientation.z) == pytest.approx(math.pi / 2)

    robot.time += 1.0
    driver.step()
    assert robot.velocity == pytest.approx([0, 0, -0.1, 0, 0, 0])


def test_a_differential_robot_ignores_what_is_sideways(graph: Any, driver: WebotsDriver) -> None:
    robot = begin(driver, motion="differential")
    message = Twist()
    message.linear.x, message.linear.y = 0.2, 0.5
    drive(graph, driver, robot, message)
    assert robot.velocity[:2] == pytest.approx([0.0, 0.2])


def test_it_drives_circles_and_tells_where_it_is(graph: Any, driver: WebotsDriver) -> None:
    robot = DrivenRobot()
    driver.init(WebotsNode(robot), {"stamped": "false", "motion": "differential"})
    odometry = graph.listen(Odometry, "/odom", publishers=1)
    message = Twist()
    message.linear.x, message.angular.z = 0.5, 1.0
    drive(graph, driver, robot, message)
    for _ in range(round(0.4 / STEP)):  # 0.4 s, for which the last command is still good
        robot.advance()
        driver.step()
    assert (robot.x, robot.y) == pytest.approx((0.5 * math.sin(0.4), 0.5 * (1 - math.cos(0.4))), abs=0.01)
    seen = odometry.find(lambda m: m.header.stamp.nanosec >= 390_000_000, "odometry")
    assert (seen.pose.pose.position.x, seen.pose.pose.position.y) == pytest.approx((robot.x, robot.y), abs=0.01)
    assert 2 * math.asin(seen.pose.pose.orientation.z) == pytest.approx(robot.yaw, abs=0.02)
