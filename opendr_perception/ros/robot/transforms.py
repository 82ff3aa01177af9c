"""Poses of frames on the robot, read from `/tf_static` and `/tf`.

A reader of its own, because a sensor's mount needs neither interpolation nor a buffer of ten seconds, and because
tf2_ros is not everywhere where rclpy is. Where the package tf2_msgs is missing too, no frame is known but the base's.
"""

from __future__ import annotations

import importlib
import math
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription

from opendr_perception.active.surroundings import Pose3

if TYPE_CHECKING:
    from tf2_msgs.msg import TFMessage

FRESH = 1.0
"""Seconds after which a transform of `/tf` is not known any more; those of `/tf_static` stay."""
MOST = 1000
"""Frames that are kept; nobody's robot has more, and a stream of made-up names must not fill the memory."""


@dataclass(frozen=True)
class Link:
    """A frame's pose in its parent frame, and until when that is known, s of the monotonic clock."""

    parent: str
    pose: Pose3
    until: float


class FrameTree:
    """Collects transforms and answers where a frame is, seen from another. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._links: dict[str, Link] = {}

    def take(self, transforms: Iterable[TransformStamped], until: float) -> None:
        """Take note of transforms, which are known until this time; what is no transform is left out."""
        for message in transforms:
            parent, child = _name(message.header.frame_id), _name(message.child_frame_id)
            where, turned = message.transform.translation, message.transform.rotation
            try:
                pose = Pose3.quaternion((where.x, where.y, where.z), (turned.x, turned.y, turned.z, turned.w))
            except ValueError:
                continue
            with self._lock:
                if parent and child and parent != child and (child in self._links or len(self._links) < MOST):
                    self._links[child] = Link(parent, pose, until)

    def pose(self, frame: str, base: str, now: float) -> Pose3 | None:
        """Find the pose of a frame in the frame `base`; None when they are not connected by what is known now."""
        with self._lock:
            above, below = self._ancestors(_name(frame), now), self._ancestors(_name(base), now)
        common = next((name for name in above if name in below), None)
        return None if common is None else below[common].inverse() @ above[common]

    def _ancestors(self, frame: str, now: float) -> dict[str, Pose3]:
        """The frame and those above it, nearest first, each with the pose of `frame` in it."""
        found = {frame: Pose3.identity()}
        while (link := self._links.get(frame)) is not None and now <= link.until and link.parent not in found:
            found[link.parent] = link.pose @ found[frame]
            frame = link.parent
        return found


class FramePoses:
    """Subscribes to the transforms of the robot, until `close`.

    Args:
        node: what subscribes.
        base: name of the robot's frame (x forward, y left, z up).
    """

    def __init__(self, node: Node, base: str) -> None:
        self._node, self._base, self._tree = node, base, FrameTree()
        self._subscriptions: list[Subscription] = []
        try:
            kind = importlib.import_module("tf2_msgs.msg").TFMessage
        except ModuleNotFoundError:
            node.get_logger().info("tf is not read: the package tf2_msgs is missing")
            return
        lasting = QoSProfile(
            depth=100, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
        )
        self._subscriptions = [
            node.create_subscription(kind, "/tf_static", self._take_static, lasting),
            node.create_subscription(kind, "/tf", self._take_moving, QoSProfile(depth=100)),
        ]

    def close(self) -> None:
        """Subscribe nothing any more."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def pose(self, frame_id: str) -> Pose3 | None:
        """Return the pose of a frame in the base frame, m; None when it is unknown, or was not told for `FRESH` s."""
        return self._tree.pose(frame_id, self._base, time.monotonic()) if frame_id else None

    def problem(self, frame_id: str) -> str:
        """The reason that the pose of a frame is not known, in words."""
        if not self._subscriptions:
            return "tf is not read, because the package tf2_msgs is missing"
        where = f"where '{frame_id[:60]}' is in '{self._base}'"
        if frame_id and self._tree.pose(frame_id, self._base, -math.inf) is not None:
            return f"tf has told {where}, but not for the last {FRESH:g} s"
        return f"tf does not tell {where}"

    def _take_static(self, message: TFMessage) -> None:
        self._tree.take(message.transforms, float("inf"))

    def _take_moving(self, message: TFMessage) -> None:
        self._tree.take(message.transforms, time.monotonic() + FRESH)


def _name(frame: str) -> str:
    return frame.removeprefix("/")  # as tf once wrote it
