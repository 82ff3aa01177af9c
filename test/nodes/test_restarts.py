"""Memory over restarts while images come: bounded, however often a node is brought down and up again."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import BodyPoseArray, FaceArray
from sensor_msgs.msg import Image

from opendr_perception.nodes.face_recognition import FaceRecognition
from opendr_perception.nodes.pose_estimation import PoseEstimation

SETTLED, MORE, ALLOWED = 8, 12, 3.0
"""Restarts until allocators have what they need, restarts that are measured, and MB that each of those may take."""


def resident() -> float:
    """MB of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


@pytest.mark.soak
def test_memory_is_bounded_over_restarts_with_images(
    graph: Any, models: Any, street: list[np.ndarray], astronaut: np.ndarray, tmp_path: Path
) -> None:
    graph.run(PoseEstimation, threads=1)
    graph.run(FaceRecognition, threads=1, gallery=str(tmp_path))
    poses = graph.listen(BodyPoseArray, "poses", publishers=1)
    faces = graph.listen(FaceArray, "faces", publishers=1)
    camera = graph.publisher(Image, "image_raw", subscribers=2)
    sizes = []
    for _ in range(SETTLED + MORE):
        for pixels in (street[0], astronaut, street[-1]):
            before = len(poses.messages), len(faces.messages)
            camera.publish(graph.image(pixels))
            poses.wait(before[0] + 1)
            faces.wait(before[1] + 1)
        for node in ("pose_estimation", "face_recognition"):
            for transition in ("deactivate", "cleanup", "configure", "activate"):
                assert graph.change_state(node, transition)
        graph.wait(lambda: camera.get_subscription_count() == 2, lambda: "the nodes do not listen again")
        sizes.append(resident())
    print("MB after each restart:", [round(size) for size in sizes])
    assert sizes[-1] - sizes[SETTLED - 1] < MORE * ALLOWED, sizes
