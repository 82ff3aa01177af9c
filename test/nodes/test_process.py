"""Nodes that are fed frame by frame say just what `process` writes."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import Audio
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception.nodes.action_recognition import ActionRecognition
from opendr_perception.nodes.emotion_recognition import EmotionRecognition
from opendr_perception.nodes.face_recognition import FaceRecognition
from opendr_perception.nodes.human_presence import HumanPresenceNode
from opendr_perception.nodes.person_detection import PersonDetection
from opendr_perception.nodes.pose_estimation import PoseEstimation
from opendr_perception.nodes.sound_classification import SoundClassification
from opendr_perception.nodes.video_activity import VideoActivity
from opendr_perception.nodes.voice_activity import VoiceActivity
from opendr_perception.process import Request, pipeline
from opendr_perception.process.sinks.bag import serialize, types
from opendr_perception.process.sound import Listening, heard
from opendr_perception.process.stage import Stage, View
from opendr_perception.ros.perception.capability import CAPABILITIES
from opendr_perception.ros.signals import HEARING
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import new_ids
from opendr_perception.tasks.signals import Chunk
from opendr_perception.tasks.sound import encode
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
        (number, View(BEGIN * 10**9 + number * 10**8, "eye", Image(pixels, "bgr8"), None))
        for number, pixels in enumerate(frames)
    ]
    for answered in pipeline.answers(views, stages):
        assert answered.rejected == []
        for name in names:
            published = heard[name].messages[answered.frame]
            made = answered.results[CAPABILITIES[name].result[1]]
            assert serialize(published, types()) == serialize(made, types()), f"{name}, frame {answered.frame}"


def test_a_node_that_hears_publishes_the_same_bytes(graph: Any, models: Any) -> None:
    nodes = {node.NAME: node for node in (VoiceActivity, SoundClassification)}
    assert nodes.keys() == HEARING.keys()
    for node in nodes.values():
        graph.run(node, threads=1, audio_type="Audio")
    published = {name: graph.listen(*HEARING[name].result, publishers=1) for name in nodes}
    microphone = graph.publisher(Audio, "audio", subscribers=2)
    pcm = encode(np.random.default_rng(0).normal(0, 0.1, (48_000, 1)).astype(np.float32), "S16LE")
    sound = np.frombuffer(pcm, np.int16).astype(np.float32)[:, None] / 32768
    chunks, sent = [], 0
    for size in (700, 5300, 8000, 16_000, 10_000, 8000):
        stamp = BEGIN * 10**9 + round(sent / 48_000 * 1e9)  # three times as many as the nodes hear
        message = Audio(sample_rate=48_000, channels=1, encoding="S16LE", data=pcm[2 * sent : 2 * (sent + size)])
        message.header = Header(frame_id="ear")
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
        microphone.publish(message)
        chunks.append((Chunk(sound[sent : sent + size], 48_000.0, stamp), "ear"))
        sent += size
    listening = [Listening(name, Request((name,)).sound_settings(name), session) for name in nodes]
    made = {name: [] for name in nodes}
    for answered in heard(chunks, listening, lambda text: None):
        for name in nodes:
            made[name] += [each for topic, each in answered.results.items() if topic == HEARING[name].result[1]]
    for name, messages in made.items():
        assert len(messages) >= 2
        got = published[name].wait(len(messages))
        assert [serialize(each, types()) for each in got] == [serialize(each, types()) for each in messages]
