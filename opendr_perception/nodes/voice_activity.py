"""Node `voice_activity`: whether somebody speaks, and since when."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from rclpy.duration import Duration
from std_msgs.msg import Bool

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.msg import Voice, VoiceArray
from opendr_perception.ros.node import main, parameter, qos
from opendr_perception.ros.signals import SampleNode, SampleParameters
from opendr_perception.tasks.sound import RATE, SpeechModel, VoiceDetector, VoiceSettings, voice

ECHO = 0.3
"""Seconds after the robot's own speech in which its echo is still heard."""


@dataclass(frozen=True)
class Parameters(SampleParameters):
    """Parameters of `voice_activity`."""

    model: str = parameter(
        "silero-vad",
        "A detector of speech of the zoo (opendr-perception models list), or an ONNX file like it.",
        read_only=True,
    )
    threshold: float = parameter(
        0.5, "Probability of speech above which sound is speech.", minimum=0.05, maximum=0.95, read_only=True
    )
    hysteresis: float = parameter(
        0.15, "Speech goes on until the probability is lower by this.", minimum=0.0, maximum=0.5, read_only=True
    )
    min_speech: float = parameter(
        0.1,
        "Shortest speech in seconds; what is shorter is a cough.",
        minimum=0.0,
        maximum=5.0,
        read_only=True,
    )
    min_silence: float = parameter(
        0.4,
        "Shortest silence in seconds that ends speech; a shorter one is a pause between words.",
        minimum=0.0,
        maximum=10.0,
        read_only=True,
    )
    forget: float = parameter(
        3.0,
        "Seconds of silence after which a voice is left out of the results.",
        minimum=0.0,
        maximum=3600.0,
        read_only=True,
    )
    own_speech: str = parameter(
        "",
        "Topic of std_msgs/Bool that is true while the robot itself speaks; voices are ignored then. Empty for none.",
        read_only=True,
    )


class VoiceActivity(SampleNode):
    """audio -> voices, one message for each 32 ms of sound."""

    NAME = "voice_activity"
    RESULT = (VoiceArray, "voices")
    RATE = RATE
    Parameters = Parameters

    def load(self) -> None:
        params = self.params
        self._settings = VoiceSettings(
            params.threshold, params.hysteresis, params.min_speech, params.min_silence, params.forget
        )
        path = zoo.require(params.model).path
        self._model = SpeechModel(Session(path, device=params.device, threads=params.threads))
        self._numbers = itertools.count(1)
        self._deaf_until = 0.0
        self._gate = None
        if params.own_speech:
            self._gate = self.create_subscription(Bool, params.own_speech, self._hear_oneself, qos.result(1))

    def unload(self) -> None:
        if self._gate is not None:
            self.destroy_subscription(self._gate)

    def new_memory(self) -> VoiceDetector:
        return VoiceDetector(self._model, self._settings, self._numbers)

    def hear(
        self, stream: str, samples: np.ndarray, stamp: int, memory: VoiceDetector
    ) -> Iterable[tuple[int, VoiceArray]]:
        began = memory.heard
        for judgement in memory.push(samples, deaf=time.monotonic() < self._deaf_until):
            end = stamp + round((judgement.end - began) / RATE * 1e9)
            yield end, VoiceArray(voices=[] if judgement.voice is None else [_message(judgement.voice)])

    def _hear_oneself(self, speaking: Bool) -> None:
        self._deaf_until = np.inf if speaking.data else time.monotonic() + ECHO


def _message(found: voice.Voice) -> Voice:
    since = Duration(nanoseconds=round(found.since * 1e9)).to_msg()
    return Voice(voice_id=str(found.number), speaking=found.speaking, score=found.score, since=since)


if __name__ == "__main__":
    main(VoiceActivity)
