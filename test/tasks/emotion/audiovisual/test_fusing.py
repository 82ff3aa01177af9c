"""One answer for each face, by what is left of its voice and its expression."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.emotion import FaceView
from opendr_perception.tasks.emotion.audiovisual import (
    PERIOD,
    AudiovisualMemory,
    AudiovisualModel,
    AudiovisualResult,
    Fuser,
    FusionSettings,
    HeardSound,
    HeardVoice,
    SeenFaces,
    descriptors,
)
from opendr_perception.tasks.emotion.audiovisual.clock import StreamClock
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.sound import MFCC_RATE, mfcc
from opendr_perception.tasks.sound.mfcc import HOP

FIRST = 5000
"""The first period."""


class Scene:
    """A memory that is fed period by period, and what is said of it."""

    def __init__(self, model: AudiovisualModel) -> None:
        self.model = model
        self.memory = AudiovisualMemory(HeardSound(model.config), SeenFaces(model.frames, np.zeros(7, np.float32)))
        self.fuse = Fuser(model, FusionSettings())
        self.rng = np.random.default_rng(0)
        self.sound: list[np.ndarray] = []
        self.looked: list[np.ndarray] = []
        self.period = FIRST - 1
        self.image = Image(np.zeros((100, 100, 3), np.uint8), "bgr8")

    def describe(self, image: Image, faces: Sequence[FaceView]) -> np.ndarray:
        probabilities = self.rng.dirichlet(np.ones(7), len(faces))
        self.looked += list(descriptors(probabilities))
        return descriptors(probabilities)

    def go_on(self, periods: int, *, faces: Sequence[str] = (), level: float = 0.1) -> list[AudiovisualResult]:
        """Hear and see for some periods; gives what is said at the end of the last."""
        for _ in range(periods):
            self.period += 1
            begin = self.period * PERIOD
            wave = (self.rng.normal(size=round(PERIOD * 1e-9 * MFCC_RATE)) * level).astype(np.float32)
            self.sound.append(wave)
            self.memory.sound.push(wave, begin)
            views = [FaceView(np.array([10.0, 10.0, 60.0, 60.0]), track=track) for track in faces]
            for part in (0.3, 0.7):  # the second image of a period says nothing more
                self.memory.faces.add(begin + int(part * PERIOD), self.describe, self.image, views)  # type: ignore[arg-type]
        return self.fuse(self.memory, self.period)

    def say(self, speaking: bool, face: str, periods: int = 15) -> None:
        """Add what a detector of voices said in the last periods."""
        for place in range(periods * 7):
            stamp = (self.period + 1 - periods) * PERIOD + place * PERIOD // 7
            self.memory.voices.append(HeardVoice(stamp, speaking, face))


@pytest.fixture
def scene(joined: AudiovisualModel) -> Scene:
    return Scene(joined)


def test_what_is_said_is_what_the_network_says_of_the_clip(scene: Scene) -> None:
    (answer,) = scene.go_on(20, faces=["7"])
    wave = np.concatenate(scene.sound)
    start = (len(wave) - scene.model.config.samples) // HOP * HOP
    audio = scene.model.scaled(mfcc(wave[start:], scene.model.config))
    video = np.stack(scene.looked[-15:], 1)
    expected = scene.model(audio[None], video[None])[0]
    assert np.abs(answer.probabilities - expected).max() < 1e-5
    assert (answer.track, answer.modalities, answer.frames, answer.warm) == ("7", "av", 15, True)
    assert len(scene.looked) == 20, "a face is looked at once in a period"


def test_a_muted_microphone_leaves_the_face(scene: Scene) -> None:
    scene.go_on(20, faces=["7"])
    told = [scene.go_on(1, faces=["7"], level=0.0)[0].modalities for _ in range(16)]
    assert told[0] == "av"
    assert told[-1] == "v"
    assert told == sorted(told, key=len, reverse=True), "it changes once"
    assert scene.go_on(15, faces=["7"])[0].modalities == "av"


def test_a_face_that_leaves_leaves_the_voice(scene: Scene) -> None:
    scene.go_on(20, faces=["7"])
    told = [scene.go_on(1) for _ in range(18)]
    assert told[0][0].modalities == "av"
    assert told[3][0].modalities == "a", "whoever was not seen for half a second says nothing by the face"
    assert [(answer.track, answer.modalities) for answer in told[-1]] == [("", "a")]


def test_both_gone_is_no_evidence_and_then_nobody(scene: Scene) -> None:
    scene.go_on(20, faces=["7"])
    told = [scene.go_on(1, level=0.0) for _ in range(18)]
    assert all(len(answers) == 1 for answers in told[:14]), "the result goes on"
    without = next(answers[0] for answers in told if answers and not answers[0].modalities)
    assert np.allclose(without.probabilities, 1 / 7)
    assert np.isnan(without.valence)
    assert not without.warm
    assert told[-1] == []


def test_a_voice_belongs_to_the_face_that_speaks(scene: Scene) -> None:
    scene.go_on(20, faces=["7", "8"])
    unknown = {answer.track: answer.modalities for answer in scene.fuse(scene.memory, scene.period)}
    assert unknown == {"7": "v", "8": "v", "": "a"}, "nobody knows whose voice it is"
    scene.say(True, "8")
    known = {answer.track: answer.modalities for answer in scene.fuse(scene.memory, scene.period)}
    assert known == {"7": "v", "8": "av"}


def test_sound_without_speech_is_no_voice(scene: Scene) -> None:
    scene.go_on(20, faces=["7"])
    scene.say(False, "")
    assert scene.fuse(scene.memory, scene.period)[0].modalities == "v"


def test_even_probabilities_are_a_face_that_is_missing() -> None:
    assert not descriptors(np.full((1, 7), 1 / 7)).any()
    assert descriptors(np.array([[0.9, 0.1, 0, 0, 0, 0, 0]])).argmax() == 0


def test_time_goes_on_without_messages_and_each_period_is_told_once() -> None:
    now, second = 0, 10**9
    clock = StreamClock(lambda: now)
    assert clock.due(second, 0) is None
    clock.note(100 * second)
    assert clock.due(second, 0) == 99
    assert clock.due(second, 0) is None
    now += second // 2
    clock.note(101 * second)
    assert clock.due(second, second // 5) is None, "sound and faces of the same time may still come"
    now += second // 2
    assert clock.due(second, 0) == 100
    now += 3 * second
    assert clock.due(second, 0) == 103, "nothing has come for long"
    assert not clock.note(102 * second)
    assert clock.note(99 * second), "a recording begins again"


def test_another_network_is_refused(scene: Scene) -> None:
    from opendr_perception import zoo

    with pytest.raises(EngineError, match="not a network that joins voices and faces"):
        AudiovisualModel(Session(zoo.require("expression-research").path))
