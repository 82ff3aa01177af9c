"""Subscribes what viewers show, while anybody looks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from math import atan2

import cv2
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage

from opendr_perception.msg import PersonArray
from opendr_perception.ros.convert import images, stamps
from opendr_perception.ros.node import qos
from opendr_perception.ros.robot import transforms
from opendr_perception.tasks.imaging import BadImage, to_bgr
from opendr_perception.view.overlay import STATISTICS, TOPICS, Overlay, overlay
from opendr_perception.view.sinks import ViewSink

LOOK_EVERY = 0.5
"""Seconds after which one looks again for topics, and for who looks at us."""
MOST_IMAGES = 15.0
"""Images that are shown of each camera in a second."""
MOST_TOPICS = 200
"""Topics that are subscribed: no robot has more, and names in a graph can be made up."""
JPEG_QUALITY = 80
BASE = "base_link"
Subscribe = Callable[[], Subscription]


class ViewListener(Node):
    """Finds cameras and results in the graph, and hands them to viewers.

    Args:
        sinks: the viewers.
        image: topic of a camera's images, below each namespace in which there are results.
    """

    def __init__(self, sinks: Sequence[ViewSink], image: str = "image_raw") -> None:
        super().__init__("view")
        self._sinks = list(sinks)
        self._image = image
        self._inputs: dict[str, Subscription] = {}
        self._last: dict[str, float] = {}
        self._frames: dict[str, transforms.FramePoses] = {}
        self._looking: list[ViewSink] = []
        self.create_timer(LOOK_EVERY, self.look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def subscribed(self) -> Sequence[str]:
        """Topics that are listened to: none while nobody looks."""
        return sorted(self._inputs)

    def look(self) -> None:
        """Subscribe what there is if anybody looks, else nothing."""
        self._looking = [sink for sink in self._sinks if sink.looked_at()]
        wanted = self._wanted() if self._looking else {}
        for topic in self._inputs.keys() - wanted.keys():
            self.destroy_subscription(self._inputs.pop(topic))
        for topic, subscribe in wanted.items():
            if topic not in self._inputs and len(self._inputs) < MOST_TOPICS:
                self._inputs[topic] = subscribe()
        if not self._looking:
            for frames in self._frames.values():
                frames.close()
            self._frames.clear()

    def _wanted(self) -> dict[str, Subscribe]:
        """Subscriptions of each topic that is published and can be shown."""
        published = {
            name: set(types) for name, types in self.get_topic_names_and_types() if self.count_publishers(name)
        }
        found: dict[str, Subscribe] = {}
        cameras = set()
        for name in published:
            stream, _, topic = name.rpartition("/")
            kind = TOPICS.get(topic)
            if kind is not None and f"opendr_perception/msg/{kind.__name__}" in published[name]:
                take = partial(self._take, "" if topic == STATISTICS else stream)
                found[name] = partial(self.create_subscription, kind, name, take, qos.newest("best_effort"))
                cameras |= {stream} - ({stream} if topic == STATISTICS else set())
        if self._image.startswith("/"):  # one camera, with the first results that there are
            cameras = {min(cameras, default="")}
        for stream in cameras:
            found |= self._camera(stream, published)
        return found

    def _camera(self, stream: str, published: dict[str, set[str]]) -> dict[str, Subscribe]:
        """Subscription of the images of a camera, compressed ones where there are any, since they cost nothing."""
        topic = self._image if self._image.startswith("/") else f"{stream}/{self._image}"
        for transport in ("compressed", "raw"):
            kind, name, _ = images.TRANSPORTS[transport]
            full = f"{topic}/compressed" if transport == "compressed" else topic
            if name in published.get(full, ()):
                take = partial(self._take_image, stream, transport)
                profile = qos.newest("best_effort")
                return {full: partial(self.create_subscription, kind, full, take, profile, raw=transport == "raw")}
        return {}

    def _take(self, stream: str, message: stamps.Stamped) -> None:
        try:
            self._show(overlay(stream, message, self._robot(message)))
        except ValueError as error:
            self.get_logger().warning(f"{type(message).__name__} is not shown: {error}", once=True)

    def _take_image(self, stream: str, transport: str, data: bytes | CompressedImage) -> None:
        now = time.monotonic()
        if now - self._last.get(stream, -1.0) < 1 / MOST_IMAGES:
            return
        self._last[stream] = now
        try:
            stamp, jpeg = _compressed(data) if transport == "compressed" else _encoded(data)
        except (BadImage, ValueError) as error:
            self.get_logger().warning(f"images of {stream or '/'} are not shown: {error}", once=True)
            return
        self._show(Overlay(stream, "image", stamp, jpeg=jpeg))

    def _show(self, found: Overlay) -> None:
        for sink in self._looking:
            sink.write(found)

    def _robot(self, message: stamps.Stamped) -> tuple[float, float, float] | None:
        """Pose of the robot (x, y, yaw) in the frame in which people are."""
        if not isinstance(message, PersonArray) or not message.header.frame_id:
            return None
        frame = message.header.frame_id
        if frame not in self._frames:
            if self._frames:  # one frame at a time: names can be made up
                self._frames.popitem()[1].close()
            self._frames[frame] = transforms.FramePoses(self, frame)
        pose = self._frames[frame].pose(BASE)
        if pose is None:
            return None
        x, y, _ = map(float, pose.translation)
        return x, y, atan2(pose.rotation[1, 0], pose.rotation[0, 0])


def _encoded(data: bytes) -> tuple[int, bytes]:
    header, image = images.decode(data, "raw")
    _, jpeg = cv2.imencode(".jpg", to_bgr(image), (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    return stamps.nanoseconds(header.stamp), jpeg.tobytes()


def _compressed(message: CompressedImage) -> tuple[int, bytes]:
    if "png" in message.format:
        raise ValueError("PNG images: take raw ones")
    return stamps.nanoseconds(message.header.stamp), bytes(message.data)
