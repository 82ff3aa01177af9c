"""Overhead of our node base, against a bare rclpy node.

The network is replaced by one that finds nobody (`empty_detector`); everything else of person_detection is there: image
conversion, letterbox, decode, NMS, tracker, conversion of the result, statistics. Three nodes are asked in turn, image
by image, so that whatever else the machine does touches all of them alike: ours and the bare one in processes of their
own, and ours in the camera's.
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import rclpy
from rclpy.parameter import Parameter

from opendr_perception.bench.harness.camera import ImageSender
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, smaller_is_better
from opendr_perception.bench.ros.empty_detector import write_empty_detector
from opendr_perception.nodes.person_detection import PersonDetection
from opendr_perception.ros.node import running, spinning

SIZES = {(480, 640): 1.0, (1080, 1920): 1.5}
"""(height, width) in pixels, and how much slower than the bare node ours may be, in ms."""

PAUSE = 0.01
"""Seconds between images: all threads shall be asleep again."""


def overhead(extent: Extent) -> list[Figure]:
    """The case `overhead`."""
    figures = []
    for (height, width), allowed in SIZES.items():
        ours, bare, composed = _medians(height, width, images=extent.pick(500, 100, 3))
        size = f"{width}x{height}"
        figures += [
            smaller_is_better(
                "overhead",
                f"publish to result, {size}, two processes",
                "ms",
                ours,
                bare + allowed,
                bare,
                "bare rclpy node",
            ),
            smaller_is_better(
                "overhead", f"publish to result, {size}, one process", "ms", composed, ours, ours, "two processes"
            ),
        ]
    return figures


def _medians(height: int, width: int, images: int) -> tuple[float, float, float]:
    """Median latencies in ms: ours, bare, ours in this process."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "empty.onnx"
        write_empty_detector(model)
        commands = [
            ["opendr_perception.nodes.person_detection", "--ros-args", "-r", "__ns:=/ours", "-p", f"model:={model}"],
            ["opendr_perception.bench.ros.bare_node", "--ros-args", "-r", "__ns:=/bare"],
        ]
        rclpy.init(args=["--ros-args", "-r", "person_detection:__ns:=/composed"])
        cameras = [ImageSender(name, height, width) for name in ("ours", "bare", "composed")]
        composed = PersonDetection(parameter_overrides=[Parameter("model", value=str(model))])
        with running(commands, subprocess.DEVNULL), spinning([*cameras, composed]):
            composed.start()
            for camera in cameras:
                camera.wait_for_answers()
            for _ in range(images):
                for camera in cameras:
                    camera.ask()
                    time.sleep(PAUSE)
        composed.close()
        rclpy.shutdown()
    medians = [statistics.median(camera.latencies) * 1e3 for camera in cameras]
    return medians[0], medians[1], medians[2]
