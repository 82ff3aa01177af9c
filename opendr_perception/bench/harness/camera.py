"""A camera and the ear for its results: sends an image and measures how long the answer takes."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.time import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from opendr_perception.msg import DetectionArray, NodeStatistics
from opendr_perception.ros.convert import images
from opendr_perception.ros.node import qos

PATIENCE = 60.0
"""Seconds in which a node must answer its first image."""


class ImageSender(Node):
    """Publishes images in one namespace and takes the results of the node that listens there."""

    def __init__(
        self, namespace: str, height: int, width: int, result: tuple[type, str] = (DetectionArray, "persons")
    ) -> None:
        super().__init__(f"camera_{namespace}", namespace=namespace)
        self._statistics = NodeStatistics()
        pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
        self._image = images.to_message(pixels, Header(frame_id="camera"))
        self._publisher = self.create_publisher(Image, "image_raw", qos.newest("best_effort"))
        self.create_subscription(*result, self._on_result, 10)
        self.create_subscription(NodeStatistics, "/person_detection/statistics", self._on_statistics, 10)
        self._answered = threading.Condition()
        self._answers: dict[int, float] = {}
        self.latencies: list[float] = []
        self.sent = 0

    def show(self, pixels: np.ndarray) -> None:
        """From now on, publish this (H, W, 3) BGR image."""
        self._image = images.to_message(pixels, self._image.header)

    def send(self) -> int:
        """Publish the image with the present time as its stamp, and return that stamp in nanoseconds."""
        stamp = self.get_clock().now()
        self._image.header.stamp = stamp.to_msg()
        self._publisher.publish(self._image)
        self.sent += 1
        return stamp.nanoseconds

    def ask(self, timeout: float = 1.0) -> float | None:
        """Seconds from before publishing an image to its result; None when none came."""
        stamp = self.send()
        with self._answered:
            if not self._answered.wait_for(lambda: stamp in self._answers, timeout):
                return None
            return self._answers.pop(stamp)

    def wait_for_answers(self) -> None:
        """Wait until the node on the other side answers.

        Raises:
            TimeoutError: it does not.
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.ask(0.3) is not None:
                self.latencies.clear()
                return
        raise TimeoutError(f"the node in {self.get_namespace()} does not answer")

    def counts(self) -> NodeStatistics:
        """The next statistics of person_detection that say what became of all images."""
        with self._answered:
            now = self.get_clock().now().nanoseconds
            self._answered.wait_for(lambda: _nanoseconds(self._statistics) > now + 10**9, timeout=5.0)
            return self._statistics

    def _on_statistics(self, message: NodeStatistics) -> None:
        with self._answered:
            self._statistics = message
            self._answered.notify_all()

    def _on_result(self, result: Any) -> None:
        now = self.get_clock().now().nanoseconds
        stamp = _nanoseconds(result)
        with self._answered:
            self._answers = {stamp: (now - stamp) * 1e-9}
            self.latencies.append((now - stamp) * 1e-9)
            self._answered.notify_all()


def _nanoseconds(message: Any) -> int:
    return int(Time.from_msg(message.header.stamp).nanoseconds)
