"""Throughput: the actions of a crowd keep up while the poses of a camera are estimated beside them, on the same
cores."""

from __future__ import annotations

import statistics
import subprocess
import threading
import time
from collections.abc import Sequence
from itertools import islice

import cv2
import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.time import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from opendr_perception import zoo
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, larger_is_better, smaller_is_better
from opendr_perception.msg import ActionArray, BodyPose, BodyPoseArray, Keypoint
from opendr_perception.ros.convert import images
from opendr_perception.ros.node import qos, running, spinning
from opendr_perception.tasks.action import USUAL_HEIGHTS
from opendr_perception.tasks.recordings import open_source

PEOPLE = 8
RATE = 15.0
"""Poses of all of them per second."""
SIZE = (640, 480)
FRAMES = 60
PATIENCE = 60.0
"""Seconds in which both nodes must give their first results."""


class CrowdPublisher(Node):
    """Publishes the poses of a crowd and the images of a street, and takes the actions and poses that come back."""

    def __init__(self, frames: Sequence[np.ndarray]) -> None:
        super().__init__("crowd")
        self._rng = np.random.default_rng(0)
        self._messages = [images.to_message(message, Header(frame_id="camera")) for message in frames]
        self._poses = self.create_publisher(BodyPoseArray, "/crowd/poses", 10)
        self._images = self.create_publisher(Image, "/camera/image_raw", qos.newest("best_effort"))
        self.estimated, self.answered = threading.Event(), threading.Event()
        self.create_subscription(ActionArray, "/crowd/actions", self._on_actions, 10)
        self.create_subscription(BodyPoseArray, "/camera/poses", lambda _: self.estimated.set(), 10)
        self.ages: list[float] = []
        self._start = self.get_clock().now()

    def run(self, seconds: float) -> int:
        """Publish for so long, and collect the ages of the answers to it; returns how many times."""
        self._start, self.ages = self.get_clock().now(), []
        start = time.monotonic()
        count = int(seconds * RATE)
        for index in range(count):
            time.sleep(max(0.0, start + index / RATE - time.monotonic()))
            message = self._messages[index % len(self._messages)]
            message.header.stamp = stamp = self.get_clock().now().to_msg()
            self._images.publish(message)
            header = Header(stamp=stamp, frame_id="camera")
            poses = [self._pose(str(person), 60.0 * person + 2.0 * (index % 60)) for person in range(PEOPLE)]
            self._poses.publish(BodyPoseArray(header=header, width=640, height=480, layout="coco17", poses=poses))
        return count

    def _pose(self, track: str, x: float) -> BodyPose:
        places = np.stack([np.full(17, x), 240.0 + 150.0 * USUAL_HEIGHTS], axis=1)
        places += self._rng.normal(0, 2.0, places.shape)
        return BodyPose(track_id=track, score=0.9, keypoints=[Keypoint(x=x, y=y, score=0.8) for x, y in places])

    def _on_actions(self, result: ActionArray) -> None:
        stamp = Time.from_msg(result.header.stamp, self._start.clock_type)
        if stamp >= self._start:
            self.ages.append((self.get_clock().now() - stamp).nanoseconds * 1e-9)
        self.answered.set()


def crowd(extent: Extent) -> list[Figure]:
    """Actions of eight tracked people beside the poses of one camera."""
    with open_source(str(zoo.fetch(["vtest.avi"])[0])) as video:
        frames = [cv2.resize(frame.image.pixels, SIZE) for frame in islice(video, FRAMES)]
    programs = [
        ["opendr_perception.nodes.action_recognition", "--ros-args", "-r", "__ns:=/crowd"],
        ["opendr_perception.nodes.pose_estimation", "--ros-args", "-r", "__ns:=/camera"],
    ]
    rclpy.init()
    node = CrowdPublisher(frames)
    with running(programs, subprocess.DEVNULL), spinning([node]):
        deadline = time.monotonic() + PATIENCE
        while not (node.answered.is_set() and node.estimated.is_set()):
            if time.monotonic() > deadline:
                raise TimeoutError("the nodes do not answer")
            node.run(0.5)
        node.run(extent.pick(5.0, 5.0, 0.5))  # until all windows are filled
        sent = node.run(extent.pick(30.0, 10.0, 1.0))
        time.sleep(0.5)  # for the last answers
    node.destroy_node()
    rclpy.shutdown()
    name = f"actions of {PEOPLE} people at {RATE:.0f} Hz beside poses of a 640x480 camera"
    return [
        larger_is_better("continual", f"{name}, answered", "%", 100 * len(node.ages) / sent, 99.0),
        smaller_is_better("continual", f"{name}, median age", "ms", statistics.median(node.ages) * 1e3, 1e3 / RATE),
    ]
