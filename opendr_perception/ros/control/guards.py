"""Conditions of motion besides people: the way is free, the base obeys, and nobody else commands."""

from __future__ import annotations

import time
from collections.abc import Callable

from nav_msgs.msg import Odometry
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.subscription import Subscription
from rclpy.time import Time
from sensor_msgs.msg import LaserScan

from opendr_perception.active.control import FlightController, Following, FollowingCheck
from opendr_perception.active.surroundings import Blind, Pose3, Velocity
from opendr_perception.ros.control.drive_loop import DriveLoop
from opendr_perception.ros.node import ManagedNode, qos
from opendr_perception.ros.robot.scans import Repeated, ScanReader
from opendr_perception.ros.robot.transforms import FramePoses
from opendr_perception.ros.robot.velocity_publisher import VelocityPublisher

LOOK_EVERY = 0.1
"""Seconds between two looks of a watch."""
COMMANDERS, BASE, REAL = "commanders", "base", "real"
"""The guards' names among the interlocks."""


class Watch:
    """Forbids motion while something that is looked at again and again speaks against it, until `close`.

    What it said before is found out anew.

    Args:
        node: warns, and has the clock.
        drive: moves the robot, or its head.
        guard: its name among the interlocks.
        reason: looks, and says what speaks against motion, '' for nothing.
    """

    def __init__(self, node: ManagedNode, drive: DriveLoop, guard: str, reason: Callable[[], str]) -> None:
        self._node, self._drive, self._guard, self._reason = node, drive, guard, reason
        drive.allow(guard)
        self._look()
        self._timer = node.create_timer(LOOK_EVERY, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def close(self) -> None:
        """Watch no more."""
        self._node.destroy_timer(self._timer)

    def _look(self) -> None:
        if reason := self._reason():
            self._node.warn(reason, self._guard)
            self._drive.forbid(self._guard, reason)
        else:
            self._drive.allow(self._guard)


class Guards:
    """Watches `scan`, `odom` and who publishes `cmd_vel`, until `close`; what they find stops the drive loop.

    Args:
        node: what subscribes; its parameters say how.
        drive: moves the robot.
        commands: go to the robot.
        frames: know where the scanner is.
    """

    def __init__(self, node: ManagedNode, drive: DriveLoop, commands: VelocityPublisher, frames: FramePoses) -> None:
        self._node, self._drive, self._commands, self._frames = node, drive, commands, frames
        self._scans = ScanReader(self._mount, node.params.max_invalid_beams)
        self._following, self.fault = Following(), ""
        self._flight = drive.controller if isinstance(drive.controller, FlightController) else None
        drive.allow(BASE)  # what was said when the node was active before is to be found out anew
        drive.allow(REAL)
        newest = qos.newest(node.params.qos_reliability)
        self._subscriptions: list[Subscription] = [
            node.create_subscription(LaserScan, "scan", self._take_scan, newest),
            node.create_subscription(Odometry, "odom", self._take_odometry, newest),
        ]
        self._watches = [Watch(node, drive, COMMANDERS, self._conflict)]
        if self._flight is not None:
            self._watches.append(Watch(node, drive, REAL, self._reality))

    def close(self) -> None:
        """Watch no more."""
        for watch in self._watches:
            watch.close()
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def _mount(self, frame: str) -> Pose3 | None:
        given: Pose3 | None = self._node.params.scan_mount
        return given if given is not None else self._frames.pose(frame)

    def _take_scan(self, message: LaserScan) -> None:
        now = self._node.get_clock().now().nanoseconds * 1e-9
        try:
            obstacles = self._scans.obstacles(message, now)
        except (Blind, Repeated) as error:
            self._node.warn(f"scan is blind, so the robot does not move: {error}", "scan")
            with self._drive.lock:
                self._drive.controller.scan_failed(str(error), isinstance(error, Repeated))
            return
        with self._drive.lock:
            self._drive.controller.scan(time.monotonic(), obstacles)

    def _take_odometry(self, message: Odometry) -> None:
        try:
            stamp = Time.from_msg(message.header.stamp).nanoseconds * 1e-9
        except (ValueError, OverflowError):
            return
        twist = message.twist.twist
        measured = Velocity(twist.linear.x, twist.linear.y, twist.angular.z)
        with self._drive.lock:
            if self._flight is not None:
                self._flight.climbed(time.monotonic(), message.pose.pose.position.z)
            verdict = self._following.take(stamp, self._drive.controller.commanded, measured)
        self._heed(verdict)

    def _heed(self, verdict: FollowingCheck) -> None:
        if verdict.fault and not self.fault:
            self._node.get_logger().error(verdict.reason)
        if verdict.fault or verdict.proved:
            self.fault = verdict.reason
        if verdict.moves:
            self._drive.forbid(BASE, verdict.reason)
        else:
            self._drive.allow(BASE)
            if verdict.reason:
                self._drive.halt(verdict.reason)

    def _conflict(self) -> str:
        if others := self._commands.others():
            return f"cmd_vel has another publisher, {', '.join(others)}; put twist_mux between, or stop it"
        return ""

    def _reality(self) -> str:
        """Nothing that flies moves unless it is simulated: who hears the commands also makes the time."""
        if self._commands.only_simulated():
            return ""
        return "motion free is for a simulation, and what hears cmd_vel does not make /clock, or nothing hears it"
