"""Node `voice_activity`: whether somebody speaks, since when, and who of those whose faces are seen."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from std_msgs.msg import Bool

from opendr_perception.msg import VoiceArray
from opendr_perception.ros.node import main, parameter, qos
from opendr_perception.ros.signals import HEARING, HearingVoices, SampleParameters, SeeingNode, VoiceHearer
from opendr_perception.ros.topics import transport_parameter
from opendr_perception.tasks.emotion import FaceView
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.sound import VoiceMemory

ECHO = 0.3
"""Seconds after the robot's own speech in which its echo is still heard."""


@dataclass(frozen=True)
class Parameters(HearingVoices, SampleParameters):
    """Parameters of `voice_activity`."""

    own_speech: str = parameter(
        "",
        "Topic of std_msgs/Bool that is true while the robot itself speaks; voices are ignored then. Empty for none.",
        read_only=True,
    )
    image_transport: str = transport_parameter()


class VoiceActivity(SeeingNode):
    """audio (and image_raw, faces) -> voices, one message for each 32 ms of sound."""

    NAME = "voice_activity"
    RESULT = HEARING[NAME].result
    RATE = VoiceHearer.rate
    VOICES = False
    Parameters = Parameters

    def load(self) -> None:
        params = self.params
        self._voices = VoiceHearer(params)
        self._deaf_until = 0.0
        if params.own_speech:
            gate = self.create_subscription(Bool, params.own_speech, self._hear_oneself, qos.result(1))
            self.until_cleanup.callback(self.destroy_subscription, gate)

    @property
    def looks(self) -> bool:
        return bool(self.params.find_speaker)

    def new_memory(self) -> VoiceMemory:
        return self._voices.new_memory()

    def renew_memory(self, memory: VoiceMemory | None) -> VoiceMemory:
        return self._voices.recogniser.renewed(memory if self.stage == "active" else None)

    def see(self, stamp: int, image: Image, faces: Sequence[FaceView], memory: VoiceMemory) -> None:
        known = [face for face in faces if face.track and len(face.landmarks)]
        boxes, landmarks = [face.box for face in known], [face.landmarks for face in known]
        self._voices.recogniser.see(memory, stamp, image, [face.track for face in known], boxes, landmarks)

    def hear(
        self, stream: str, samples: np.ndarray, stamp: int, memory: VoiceMemory
    ) -> Iterable[tuple[int, VoiceArray]]:
        deaf = time.monotonic() < self._deaf_until
        return self._voices.hear(memory, samples, stamp, deaf=deaf)

    def _hear_oneself(self, speaking: Bool) -> None:
        self._deaf_until = np.inf if speaking.data else time.monotonic() + ECHO


if __name__ == "__main__":
    main(VoiceActivity)
