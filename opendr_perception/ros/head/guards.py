"""Conditions of a head's motion besides people: it tells where it is, and nobody else turns it."""

from __future__ import annotations

import math
import time

from sensor_msgs.msg import JointState

from opendr_perception.active.control import HeadJoints, PanTilt
from opendr_perception.ros.control import COMMANDERS, DriveLoop, Watch
from opendr_perception.ros.head.publisher import HeadPublisher
from opendr_perception.ros.node import ManagedNode, qos


class HeadGuards:
    """Reads `joint_states` and watches who else commands the head, until `close`.

    Args:
        node: what subscribes; its parameters say how.
        drive: turns the head.
        commands: go to the head.
        joints: are told where they are.
    """

    def __init__(self, node: ManagedNode, drive: DriveLoop, commands: HeadPublisher, joints: HeadJoints) -> None:
        self._node, self._drive, self._commands, self._joints = node, drive, commands, joints
        self.fault = ""
        """A head has no other fault than those that end its moves."""
        self._sign = -1.0 if node.params.head_tilt_up else 1.0
        newest = qos.newest(node.params.qos_reliability)
        self._subscription = node.create_subscription(JointState, "joint_states", self._take, newest)
        self._watch = Watch(node, drive, COMMANDERS, self._conflict)

    def close(self) -> None:
        """Watch no more."""
        self._watch.close()
        self._node.destroy_subscription(self._subscription)

    def _take(self, message: JointState) -> None:
        """Take note of the head's joints; messages of other joints, which robots also publish here, are left out."""
        places = dict(zip(message.name, message.position, strict=False))
        pan, tilt = (places.get(name, math.nan) for name in self._node.params.head_joints)
        with self._drive.lock:
            self._joints.take(PanTilt(pan, self._sign * tilt), time.monotonic())

    def _conflict(self) -> str:
        if others := self._commands.others():
            return f"{' and '.join(others)} has another publisher; a head obeys one at a time"
        return ""
