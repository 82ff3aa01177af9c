"""The node `audiovisual_emotion`: answers go on, whatever goes away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import Audio, AvEmotionArray, Box, Face, FaceArray, Voice, VoiceArray
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception.nodes.audiovisual_emotion import AudiovisualEmotion
from opendr_perception.tasks.emotion.audiovisual import PERIOD
from opendr_perception.tasks.sound.pcm import encode

NAN = float("nan")
FACE = (175.0, 60.0, 275.0, 170.0)
"""Box of the astronaut's face."""
RATE = 16000
FIRST = 5000
"""The first period."""


class Scene:
    """A camera, somebody who finds faces, a microphone, and the answers that come back; much faster than the clock."""

    def __init__(self, graph: Any, pixels: np.ndarray, **parameters: Any) -> None:
        graph.run(AudiovisualEmotion, audio_type="Audio", delay=0.0, **parameters)
        self.graph, self.pixels, self.period = graph, pixels, FIRST
        self.answers = graph.listen(AvEmotionArray, "emotions_av", publishers=1)
        self.sound, self.faces = graph.publisher(Audio, "audio"), graph.publisher(FaceArray, "faces")
        self.camera, self.voices = graph.publisher(ImageMessage, "image_raw"), graph.publisher(VoiceArray, "voices")
        self.rng = np.random.default_rng(0)

    def header(self, stamp: int) -> Header:
        header = Header(frame_id="head")
        header.stamp.sec, header.stamp.nanosec = divmod(stamp, 10**9)
        return header

    def go_on(
        self, periods: int, *, faces: tuple[str, ...] = (), level: float = 0.1, speaker: str | None = None
    ) -> None:
        """Publish some periods, each after the answer about the one before has come."""
        for _ in range(periods):
            self.period += 1
            begin = self.header(self.period * PERIOD)
            if level:
                wave = self.rng.normal(0, level, (RATE * 24 // 100, 1)).astype(np.float32)
                data = encode(wave, "F32LE")
                self.sound.publish(Audio(header=begin, sample_rate=RATE, channels=1, encoding="F32LE", data=data))
            if speaker is not None:
                said = [Voice(voice_id="1", speaking=bool(speaker), score=0.9, face_id=speaker)]
                self.voices.publish(VoiceArray(header=begin, voices=said))
            image = self.graph.image(self.pixels)
            image.header = begin
            self.camera.publish(image)
            height, width = self.pixels.shape[:2]
            box = Box(**dict(zip(("x_min", "y_min", "x_max", "y_max"), FACE, strict=True)))
            found = [Face(track_id=each, score=0.9, box=box, yaw=NAN, pitch=NAN, roll=NAN) for each in faces]
            self.faces.publish(FaceArray(header=begin, width=width, height=height, faces=found))
            wanted = (self.period - 1) * PERIOD
            self.answers.find(lambda m, wanted=wanted: stamp_of(m) >= wanted, f"answer about {self.period - 1}")

    def modalities(self) -> dict[str, str]:
        return {each.emotion.track_id: each.modalities for each in self.answers.messages[-1].emotions}


def stamp_of(message: AvEmotionArray) -> int:
    return int(message.header.stamp.sec * 10**9 + message.header.stamp.nanosec)


@pytest.fixture
def pixels(astronaut: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(astronaut[::2, ::2]).repeat(2, 0).repeat(2, 1)


def test_each_modality_can_go_and_come_back(graph: Any, pixels: np.ndarray) -> None:
    scene = Scene(graph, pixels)
    scene.go_on(18, faces=("7",))
    assert scene.modalities() == {"7": "av"}
    (answer,) = scene.answers.messages[-1].emotions
    labels = scene.answers.messages[-1].labels
    assert answer.emotion.label in labels
    assert sum(answer.emotion.probabilities) == pytest.approx(1, abs=1e-5)
    assert -1 <= answer.emotion.valence <= 1
    assert scene.answers.messages[-1].header.frame_id == "head"
    scene.go_on(10, faces=("7",), level=0.0)
    assert scene.modalities() == {"7": "v"}, "the microphone is gone"
    scene.go_on(18, level=0.1)
    assert scene.modalities() == {"": "a"}, "it is dark"
    stamps = [stamp_of(message) for message in scene.answers.messages]
    assert all(stamp % PERIOD == 0 for stamp in stamps)
    assert stamps == sorted(set(stamps))


def test_without_any_message_it_says_that_there_is_no_evidence_and_then_nobody(graph: Any, pixels: np.ndarray) -> None:
    scene = Scene(graph, pixels)
    scene.go_on(16, faces=("7",))
    none = scene.answers.find(lambda m: m.emotions and not m.emotions[0].modalities, "answer without evidence")
    assert none.emotions[0].emotion.label == ""
    assert len(set(none.emotions[0].emotion.probabilities)) == 1
    scene.answers.find(lambda m: not m.emotions and stamp_of(m) > stamp_of(none), "answer about nobody")


def test_a_voice_is_given_to_the_face_that_speaks(graph: Any, pixels: np.ndarray) -> None:
    scene = Scene(graph, pixels)
    scene.go_on(12, faces=("7", "8"), speaker="8")
    assert scene.modalities() == {"7": "v", "8": "av"}
    scene.go_on(16, faces=("7", "8"), speaker="")
    assert scene.modalities() == {"7": "v", "8": "v"}, "nobody speaks"


def test_a_network_for_other_expressions_is_refused(graph: Any) -> None:
    graph.run(AudiovisualEmotion, expression="presence-1080p")
    graph.diagnosis("audiovisual_emotion", "presence-1080p")
