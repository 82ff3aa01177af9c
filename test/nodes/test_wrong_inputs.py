"""Real nodes with inputs as they should not be: they go on, and say what is wrong."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import ActionArray, BodyPose, BodyPoseArray, FaceArray, Keypoint
from sensor_msgs.msg import CameraInfo, CompressedImage
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.nodes.action_recognition import ActionRecognition
from opendr_perception.nodes.face_recognition import FaceRecognition
from opendr_perception.nodes.view_control import ViewControl
from opendr_perception.ros.topics import calibration


@pytest.fixture(scope="module")
def actions_model(skeleton_models: Callable[..., Path]) -> Path:
    return skeleton_models(["stand", "walk", "jump"])


def poses(graph: Any, stamp: float, tracks: list[str], seed: int = 0) -> BodyPoseArray:
    random = np.random.default_rng(seed)
    people = [
        BodyPose(
            track_id=track,
            keypoints=[Keypoint(x=float(x), y=float(y), score=0.9) for x, y in random.uniform(0, 200, (17, 2))],
        )
        for track in tracks
    ]
    return BodyPoseArray(header=graph.header(stamp), width=640, height=480, layout="coco17", poses=people)


@pytest.mark.parametrize("stamp", [0.0, 1.7e9])
def test_actions_go_on_where_stamps_stand_still(graph: Any, actions_model: Path, stamp: float) -> None:
    node = graph.run(ActionRecognition, model=str(actions_model), max_gap=30.0)
    actions = graph.listen(ActionArray, "actions", publishers=1)
    camera = graph.publisher(BodyPoseArray, "poses")
    frames: list[int] = []
    deadline = time.monotonic() + 60
    for seed in itertools.count():
        answer = graph.ask(camera, poses(graph, stamp, ["1"], seed), actions)
        frames += [action.frames for action in answer.actions]
        if (frames and frames[-1] > 20) or time.monotonic() > deadline:
            break
    assert frames and frames[-1] > 20, f"the network saw too few frames: {frames[-5:]}"
    assert frames == sorted(frames)
    text = "sets no stamps" if stamp == 0 else "stamps stand still"
    assert graph.diagnosis("poses", text)["level"] == "1"
    assert node._streams[""]._health.restarts.count == 0


def test_of_a_crowd_that_is_reported_at_once_only_so_many_are_followed(graph: Any, actions_model: Path) -> None:
    node = graph.run(ActionRecognition, model=str(actions_model), max_persons=5)
    actions = graph.listen(ActionArray, "actions", publishers=1)
    camera = graph.publisher(BodyPoseArray, "poses")
    for step in range(5):
        graph.ask(camera, poses(graph, 50 + step / 10, [str(track) for track in range(400)]), actions)
    assert len(node.perceiver.recogniser._bank.keys()) <= 10


INFO = {"width": 512, "height": 512, "k": [300.0, 0.0, 256.0, 0.0, 300.0, 256.0, 0.0, 0.0, 1.0], "d": [0.0] * 5}


def test_the_calibration_is_found_beside_the_remapped_images(graph: Any, astronaut: np.ndarray) -> None:
    place = f"{graph.namespace}/front"
    node = graph.run(FaceRecognition, "-r", f"image_raw:={place}/image_raw", identify=False)
    faces = graph.listen(FaceArray, "faces", publishers=1)
    camera = graph.publisher(ImageMessage, "front/image_raw")
    assumed = graph.ask(camera, graph.image(astronaut), faces).faces[0].pitch
    graph.publisher(CameraInfo, "front/camera_info").publish(CameraInfo(**INFO))
    graph.wait(lambda: "" in node._cameras._newest, lambda: "the calibration")
    assert abs(graph.ask(camera, graph.image(astronaut), faces).faces[0].pitch - assumed) > 0.01


def test_compressed_images_follow_the_remapped_topic(graph: Any, astronaut: np.ndarray) -> None:
    graph.run(
        FaceRecognition,
        "-r",
        f"image_raw:={graph.namespace}/cam/image_raw",
        image_transport="compressed",
        identify=False,
    )
    faces = graph.listen(FaceArray, "faces", publishers=1)
    camera = graph.publisher(CompressedImage, "cam/image_raw/compressed")
    assert len(graph.ask(camera, graph.jpeg(astronaut), faces).faces) == 1


def test_a_missing_calibration_is_told_once(
    graph: Any, astronaut: np.ndarray, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "MISSING_AFTER", 0.0)
    graph.run(FaceRecognition, identify=False)
    faces = graph.listen(FaceArray, "faces", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    for _ in range(3):
        graph.ask(camera, graph.image(astronaut), faces)
    assert capfd.readouterr().err.count(f"no camera_info has come on {graph.namespace}/camera_info") == 1


def test_view_control_says_what_does_not_come(graph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "MISSING_AFTER", 0.5)
    graph.run(ViewControl, gallery=str(tmp_path))
    values = graph.diagnosis("inputs", f"nobody publishes {graph.namespace}/faces")
    assert values["level"] == "1"
    assert f"nobody publishes {graph.namespace}/image_raw" in values["message"]
    assert f"no camera_info has come on {graph.namespace}/camera_info" in values["message"]
    graph.publisher(CameraInfo, "camera_info").publish(CameraInfo(width=640, height=480))
    graph.diagnosis("inputs", "the camera is not calibrated")
