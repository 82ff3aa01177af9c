"""The robot of the Webots world, as a plugin of webots_ros2_driver: it drives as cmd_vel says.

Named in launch/webots_robot.urdf. The driver itself publishes the camera and `/clock`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import rclpy
from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
from rclpy.time import Time
from std_msgs.msg import Header

from opendr_perception.ros.robot.messages import ODOMETRY, odometry

DEAD_MAN = 0.5
"""s without a command, after which the robot stops by itself."""
MAX_LINEAR, MAX_ANGULAR = 1.0, 2.0
"""m/s and rad/s, that the robot can do."""


class WebotsDriver:
    """Plugin that webots_ros2_driver makes and calls: `init` once, `step` in every time step of the simulation."""

    def init(self, webots_node: Any, properties: Mapping[str, str]) -> None:
        """Take hold of the robot, which must be a supervisor.

        Args:
            webots_node: Has the `robot` of Webots' controller.
            properties: `stamped` (true or false): cmd_vel is a TwistStamped; `motion`: holonomic or differential.
        """
        self._robot = webots_node.robot
        self._body = self._robot.getSelf()
        self._sideways = properties.get("motion", "holonomic") == "holonomic"
        self._command = (0.0, 0.0, 0.0)
        self._commanded = -math.inf
        if not rclpy.ok():
            rclpy.init(args=None)
        self._node = rclpy.create_node("webots_robot")
        self._odometry = self._node.create_publisher(Odometry, "odom", 10)
        kind = TwistStamped if properties.get("stamped", "false") == "true" else Twist
        self._subscription = self._node.create_subscription(kind, "cmd_vel", self._take, 1)

    def step(self) -> None:
        """Hear commands, set the velocity, and tell where the robot is."""
        rclpy.spin_once(self._node, timeout_sec=0)
        now = self._robot.getTime()
        fresh = now - self._commanded < DEAD_MAN
        forward, left, turn = self._command if fresh else (0.0, 0.0, 0.0)
        yaw = self._yaw()
        across = forward * math.sin(yaw) + left * math.cos(yaw)
        along = forward * math.cos(yaw) - left * math.sin(yaw)
        falling = self._body.getVelocity()[2]
        self._body.setVelocity([along, across, falling, 0.0, 0.0, turn])
        x, y, _ = self._body.getPosition()
        header = Header(stamp=Time(nanoseconds=round(now * 1e9)).to_msg(), frame_id=ODOMETRY)
        self._odometry.publish(odometry(header, (x, y, yaw), (forward, left, turn)))

    def close(self) -> None:
        """Leave ROS; for whoever does not end with its process."""
        self._node.destroy_node()

    def _take(self, message: Twist | TwistStamped) -> None:
        twist = message.twist if isinstance(message, TwistStamped) else message
        command = (twist.linear.x, twist.linear.y if self._sideways else 0.0, twist.angular.z)
        if not all(map(math.isfinite, command)):
            self._node.get_logger().warning("cmd_vel is not finite and is left out")
            return
        forward, left, turn = command
        scale = min(1.0, MAX_LINEAR / max(math.hypot(forward, left), 1e-9))
        self._command = (scale * forward, scale * left, max(-MAX_ANGULAR, min(MAX_ANGULAR, turn)))
        self._commanded = self._robot.getTime()

    def _yaw(self) -> float:
        matrix = self._body.getOrientation()  # row by row
        return math.atan2(matrix[3], matrix[0])
