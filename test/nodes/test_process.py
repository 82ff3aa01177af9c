"""Nodes that are fed frame by frame say just what `process` writes."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.nodes.action_recognition import ActionRecognition
from opendr_perception.nodes.emotion_recognition import EmotionRecognition
from opendr_perception.nodes.face_recognition import FaceRecognition
from opendr_perception.nodes.human_presence import HumanPresenceNode
from opendr_perception.nodes.person_detection import PersonDetection
from opendr_perception.nodes.pose_estimation import PoseEstimation
from opendr_perception.nodes.video_activity import VideoActivity
from opendr_perception.process import Request, pipeline
from opendr_perception.process.sinks.bag import serialize, types
from opendr_perception.process.stage import Stage, View
from opendr_perception.ros.perception.capability import CAPABILITIES
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import new_ids
from opendr_perception.zoo import session

NODES = {
    node.NAME: node
    for node in (
        PersonDetection,
        HumanPresenceNode,
        FaceRecognition,
        PoseEstimation,
        ActionRecognition,
        EmotionRecognition,
        VideoActivity,
    )
}
BEGIN = 1_500_000_000


@pytest.fixture
def same_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids of tracks begin with the same letters everywhere; a node draws them by chance."""
    for room in ("people", "body", "face"):
        module = importlib.import_module(f"opendr_perception.tasks.{room}.build")
        monkeypatch.setattr(module, "new_ids", lambda: new_ids("abc"))
    monkeypatch.setattr("opendr_perception.process.stage.prefix", lambda seed: "abc")


def test_every_perception_node_of_images_can_process_recordings() -> None:
    for name, capability in CAPABILITIES.items():
        node = NODES[name]
        assert capability.result == node.RESULT
        source = "" if node.INPUT is None else node.INPUT.topic
        assert (source, node.WITH_IMAGES) == (capability.source, capability.with_images)


@pytest.mark.parametrize(
    ("names", "recording"),
    [
        (("person_detection", "human_presence", "pose_estimation", "action_recognition"), "street"),
        (("face_recognition", "emotion_recognition"), "talking_head"),
    ],
)
def test_a_node_that_is_fed_frame_by_frame_publishes_the_same_bytes(
    names: tuple[str, ...], recording: str, graph: Any, same_ids: None, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    frames: list[np.ndarray] = request.getfixturevalue(recording)
    gallery = {"gallery": str(tmp_path / "gallery")}
    given = {name: gallery if name == "face_recognition" else {} for name in names}
    for name in names:
        graph.run(NODES[name], threads=1, **given[name])
    heard = {name: graph.listen(*CAPABILITIES[name].result, publishers=1) for name in names}
    images = sum(not CAPABILITIES[name].source or CAPABILITIES[name].with_images for name in names)
    camera = graph.publisher(ImageMessage, "image_raw", subscribers=images)
    for number, pixels in enumerate(frames):
        camera.publish(graph.image(pixels, BEGIN + number / 10))
        for collector in heard.values():
            collector.wait(number + 1)

    stages = [
        Stage(name, Request(names, given), "", session, lambda text: None) for name in CAPABILITIES if name in names
    ]
    views = [
        (number, View(Image(pixels, "bgr8"), BEGIN * 10**9 + number * 10**8, "eye", None))
        for number, pixels in enumerate(frames)
    ]
    for answered in pipeline.answers(views, stages):
        assert answered.rejected == []
        for name in names:
            published = heard[name].messages[answered.frame]
            made = answered.results[CAPABILITIES[name].result[1]]
            assert serialize(published, types()) == serialize(made, types()), f"{name}, frame {answered.frame}"
