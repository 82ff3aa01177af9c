"""The topics of a simulated pan-tilt head: positions that it is told, and where it is."""

from __future__ import annotations

import math
from collections.abc import Callable

from geometry_msgs.msg import Quaternion, TransformStamped
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64, Header
from trajectory_msgs.msg import JointTrajectory

from opendr_perception.ros.robot.messages import BASE, heading, transform

JOINTS = ("head_pan_joint", "head_tilt_joint")
PAN_LINK = "head_pan_link"
"""Frame (x forward, y left, z up) that pans, on the axis of the head and as high as the camera."""


class HeadTopics:
    """Hears commands of both kinds, until `close`.

    Args:
        node: whose topics they are.
        turn: is told positions, rad: pan to the left, and tilt downwards.
    """

    def __init__(self, node: Node, turn: Callable[[float, float], None]) -> None:
        self._node, self._turn, self._goal = node, turn, (0.0, 0.0)
        self._joints = node.create_publisher(JointState, "joint_states", 10)
        self._subscriptions = [
            node.create_subscription(JointTrajectory, "head/joint_trajectory", self._take, 1),
            node.create_subscription(Float64, "head/pan", lambda said: self._go(said.data, self._goal[1]), 1),
            node.create_subscription(Float64, "head/tilt", lambda said: self._go(self._goal[0], said.data), 1),
        ]

    def publish(self, header: Header, pan: float, tilt: float) -> None:
        """Tell where the head is."""
        stamped = Header(stamp=header.stamp, frame_id="")
        self._joints.publish(JointState(header=stamped, name=list(JOINTS), position=[pan, tilt]))

    def close(self) -> None:
        """Hear and tell nothing any more."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._node.destroy_publisher(self._joints)

    def _take(self, message: JointTrajectory) -> None:
        if message.points:  # only the last one: a simulated head is quick
            places = dict(zip(message.joint_names, message.points[-1].positions, strict=False))
            self._go(*(places.get(name, before) for name, before in zip(JOINTS, self._goal, strict=True)))

    def _go(self, pan: float, tilt: float) -> None:
        if math.isfinite(pan) and math.isfinite(tilt):
            self._goal = pan, tilt
            self._turn(pan, tilt)


def head_frames(
    there: Header, camera: str, mount: tuple[float, float, float], pan: float, tilt: float
) -> list[TransformStamped]:
    """Transforms of the link that pans and of the camera's optical frame, which sits before its axis.

    Args:
        there: time; its frame is left out.
        camera: name of the optical frame.
        mount: of the camera while the head looks ahead, x, y, z (m).
        pan: rad to the left.
        tilt: rad downwards.
    """
    x, y, z = mount
    c, s = math.cos(tilt / 2) / 2, math.sin(tilt / 2) / 2
    optical = Quaternion(x=-(c + s), y=c + s, z=s - c, w=c - s)  # tilt about y, then the axes of a camera
    base, link = Header(stamp=there.stamp, frame_id=BASE), Header(stamp=there.stamp, frame_id=PAN_LINK)
    return [transform(base, PAN_LINK, (0.0, 0.0, z), heading(pan)), transform(link, camera, (x, y, 0.0), optical)]
