"""The commands of a head: positions for its joints, from the velocities that a controller says."""

from __future__ import annotations

import threading
import time

from builtin_interfaces.msg import Duration as DurationMessage
from rclpy.duration import Duration
from rclpy.node import Node
from std_msgs.msg import Float64
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from opendr_perception.active.control import LONGEST_STEP, HeadJoints, PanTilt
from opendr_perception.active.surroundings import STILL, Velocity
from opendr_perception.ros.head.parameters import HeadParameters
from opendr_perception.ros.node import qos

TRAJECTORY, PAN, TILT = "head/joint_trajectory", "head/pan", "head/tilt"
LAST_WORD = Duration(seconds=0.5)
"""Longest wait for a head that has not heard the last command."""
REACH = 100_000_000
"""ns after which a head shall be where a trajectory says: two turns of the control loop."""
SILENT = 0.5
"""s after a command from which on the next one begins where the head is measured."""


class HeadPublisher:
    """Publishes positions, until `close`; zero velocity is to hold the one that the head has.

    Args:
        node: whose publishers they are.
        params: of the head.
        joints: where they are.
    """

    def __init__(self, node: Node, params: HeadParameters, joints: HeadJoints) -> None:
        self._node, self.joints, self._names = node, joints, list(params.head_joints)
        self._sign = -1.0 if params.head_tilt_up else 1.0
        self._lock, self._last = threading.Lock(), 0.0
        depth = qos.result(depth=1)
        if params.head_command == "trajectory":
            self._publishers = [node.create_publisher(JointTrajectory, TRAJECTORY, depth)]
        else:
            self._publishers = [node.create_publisher(Float64, topic, depth) for topic in (PAN, TILT)]

    def close(self) -> None:
        """Take the topics away, once the last command has been heard."""
        for publisher in self._publishers:
            publisher.wait_for_all_acked(LAST_WORD)
            self._node.destroy_publisher(publisher)

    def publish(self, velocity: Velocity) -> None:
        """Command the joints to go on with a velocity, or to hold; nothing, while nobody knows where they are."""
        with self._lock:
            now = time.monotonic()
            seconds, self._last = now - self._last, now
            if seconds > SILENT:
                self.joints.release()
            pose = self.joints.advance(velocity, min(seconds, LONGEST_STEP) if velocity != STILL else 0.0)
            if pose is not None:
                self._say(pose)

    def others(self) -> list[str]:
        """Return the topics of the head on which somebody else publishes too."""
        return [
            publisher.topic_name
            for publisher in self._publishers
            if len(self._node.get_publishers_info_by_topic(publisher.topic_name)) > 1
        ]

    def _say(self, pose: PanTilt) -> None:
        tilt = self._sign * pose.tilt
        if len(self._publishers) == 1:
            point = JointTrajectoryPoint(positions=[pose.pan, tilt], time_from_start=DurationMessage(nanosec=REACH))
            self._publishers[0].publish(JointTrajectory(joint_names=self._names, points=[point]))
            return
        for publisher, position in zip(self._publishers, (pose.pan, tilt), strict=True):
            publisher.publish(Float64(data=position))
