"""Models that a user has imported, in the nodes, over real topics: what they see is where it is in the image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import BodyPoseArray, DetectionArray
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception import zoo
from opendr_perception.nodes.person_detection import PersonDetection
from opendr_perception.nodes.pose_estimation import PoseEstimation
from opendr_perception.zoo.importing import import_model

PERSON = (60, 30, 120, 150)
"""Bright area of the image, in pixels of its 256 x 192."""
CELL = 3
"""Pixels of the image in one of what the detector sees."""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> zoo.Cache:
    """A user's cache with nothing in it."""
    monkeypatch.setenv("OPENDR_PERCEPTION_CACHE", str(tmp_path / "cache"))
    return zoo.Cache(tmp_path / "cache")


def scene() -> np.ndarray:
    pixels = np.zeros((192, 256, 3), np.uint8)
    x_min, y_min, x_max, y_max = PERSON
    pixels[y_min:y_max, x_min:x_max] = 255
    return pixels


def test_an_imported_detector_finds_people_where_they_are(graph: Any, exports: Any, cache: zoo.Cache) -> None:
    import_model("yolo", exports.bright_box(), "mine", "of this test")
    graph.run(PersonDetection, threads=1, model="mine")
    persons = graph.listen(DetectionArray, "persons", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    answer = graph.ask(camera, graph.image(scene()), persons)
    [person] = answer.detections
    found = (person.box.x_min, person.box.y_min, person.box.x_max, person.box.y_max)
    assert np.abs(np.subtract(found, PERSON)).max() <= CELL
    assert person.score == pytest.approx(0.9)
    assert (answer.width, answer.height) == (256, 192)
    assert not graph.ask(camera, graph.image(np.zeros_like(scene())), persons).detections


def test_a_detector_of_one_size_cannot_look_in_two(graph: Any, exports: Any, cache: zoo.Cache) -> None:
    import_model("yolo", exports.bright_box(), "mine")
    graph.run(PersonDetection, threads=1, model="mine")
    problem = graph.set_parameter("person_detection", "quality", "high")
    assert "quality 'high' needs a detector that takes images of any size; mine.onnx takes 96x64 pixels only" in problem


def test_imported_poses_are_those_of_people_that_an_imported_detector_has_found(
    graph: Any, exports: Any, cache: zoo.Cache
) -> None:
    import_model("yolo", exports.bright_box(), "boxes")
    import_model("rtmpose", exports.bright_keypoints("rtmpose"), "keypoints")
    graph.run(PoseEstimation, threads=1, model="keypoints", detector="boxes")
    poses = graph.listen(BodyPoseArray, "poses", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    pixels = np.where(scene() > 0, 140, 0).astype(np.uint8)
    pixels[98:104, 78:84] = 255  # one place of the person is brighter
    answer = graph.ask(camera, graph.image(pixels), poses)
    [pose] = answer.poses
    assert answer.layout == "coco17" and len(pose.keypoints) == 17
    assert all(abs(point.x - 81) <= 3.5 and abs(point.y - 101) <= 3.5 for point in pose.keypoints)


def test_a_model_of_another_task_is_refused_at_once(graph: Any, exports: Any, cache: zoo.Cache) -> None:
    import_model("rtmpose", exports.bright_keypoints("rtmpose"), "keypoints")
    graph.run(PersonDetection, threads=1, model="keypoints")
    message = graph.diagnosis("person_detection", "cannot configure")["message"]
    assert "a model of the format 'simcc' is no person detector" in message
    assert "\n" not in message
