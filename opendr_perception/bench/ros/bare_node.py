"""The bare rclpy node that ours are compared with: python -m opendr_perception.bench.ros.bare_node --ros-args ..."""

from __future__ import annotations

from contextlib import suppress

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from opendr_perception.msg import DetectionArray
from opendr_perception.ros.node import choose_transport


class Bare(Node):
    """Answers each image with an empty result, in as few lines as rclpy allows."""

    def __init__(self) -> None:
        super().__init__("bare")
        self._results = self.create_publisher(DetectionArray, "persons", 1)
        self.create_subscription(Image, "image_raw", self._answer, qos_profile_sensor_data)

    def _answer(self, image: Image) -> None:
        self._results.publish(DetectionArray(header=image.header, width=image.width, height=image.height))


def main() -> None:
    """Answer until told to stop."""
    choose_transport()
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(Bare())


if __name__ == "__main__":
    main()
