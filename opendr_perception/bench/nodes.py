"""The nodes that are measured: ours without its network, and the bare rclpy node that it is compared with.

python -m opendr_perception.bench.nodes {ours,bare} --ros-args ...
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from opendr_perception.engine.session import Feeds, Outputs, Session
from opendr_perception.msg import DetectionArray
from opendr_perception.nodes.person_detection import PersonDetection
from opendr_perception.ros.run import choose_transport, run
from opendr_perception.tasks.detection import PersonDetector, anchor_centres


class NoNetwork(Session):
    """Finds nobody, in no time: what is left of a node's latency is overhead."""

    def __init__(self) -> None:
        self.path = Path("none")

    def expect(self, inputs: object, outputs: object) -> None:
        """Accept everything."""

    def run_batch(self, feeds: Feeds) -> Outputs:
        """Scores of zero for every anchor."""
        batch, height, width, _ = feeds["image"].shape
        anchors = len(anchor_centres((height, width)))
        return {
            "scores": np.zeros((batch, anchors, 80), np.float32),
            "distances": np.zeros((batch, anchors, 44), np.float32),
        }


class Ours(PersonDetection):
    """person_detection as it is, but for the network."""

    NAME = "ours"

    def load(self) -> None:
        super().load()
        self._detector = PersonDetector(NoNetwork())


class Bare(Node):
    """Answers each image with an empty result, in as few lines as rclpy allows."""

    def __init__(self) -> None:
        super().__init__("bare")
        self._results = self.create_publisher(DetectionArray, "persons", 1)
        self.create_subscription(Image, "image_raw", self._answer, qos_profile_sensor_data)

    def _answer(self, image: Image) -> None:
        self._results.publish(DetectionArray(header=image.header, width=image.width, height=image.height))


def main() -> None:
    """Run the node that the first argument names."""
    if sys.argv[1] == "ours":
        sys.exit(run([Ours], sys.argv))
    choose_transport()
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(Bare())


if __name__ == "__main__":
    main()
