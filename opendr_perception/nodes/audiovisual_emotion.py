"""Node `audiovisual_emotion`: the emotion of each face by its expression and its voice, and by what is left of them.

Four times a second it tells of the last 3.6 seconds. A muted microphone, darkness or a face that is gone costs that
modality, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rclpy.clock import Clock
from rclpy.clock_type import ClockType

from opendr_perception.msg import AvEmotionArray, VoiceArray
from opendr_perception.ros.convert.messages import av_emotion_array
from opendr_perception.ros.node import main
from opendr_perception.ros.signals import SampleParameters, SeeingNode
from opendr_perception.ros.topics import transport_parameter
from opendr_perception.tasks.emotion import FaceView
from opendr_perception.tasks.emotion.audiovisual import PERIOD, AudiovisualMemory, HeardVoice, Settings, build
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.sound import MFCC_RATE

TICK = 0.06
"""Seconds after which it is looked whether something is due."""


@dataclass(frozen=True)
class Parameters(Settings, SampleParameters):
    """Parameters of `audiovisual_emotion`."""

    image_transport: str = transport_parameter()


class AudiovisualEmotion(SeeingNode):
    """audio, image_raw, faces, voices -> emotions_av, each 0.24 s."""

    NAME = "audiovisual_emotion"
    RESULT = (AvEmotionArray, "emotions_av")
    RATE, PERIOD = MFCC_RATE, PERIOD
    Parameters = Parameters

    def load(self) -> None:
        params = self.params
        self._recogniser = build(params, warn=self.caution, device=params.device, threads=params.threads)

    def new_memory(self) -> AudiovisualMemory:
        return self._recogniser.new_memory()

    def renew_memory(self, memory: AudiovisualMemory | None) -> AudiovisualMemory:
        if memory is None or self.stage != "active":
            return self.new_memory()
        memory.sound.restart()  # what was seen goes on
        return memory

    def activate(self) -> None:
        super().activate()
        timer = self.create_timer(TICK, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.until_deactivate.callback(self.destroy_timer, timer)

    def _tick(self) -> None:
        for name in self.params.streams:
            self.aside(name, self._due)

    def see(self, stamp: int, image: Image, faces: Sequence[FaceView], memory: AudiovisualMemory) -> None:
        self._recogniser.see(memory, stamp, image, faces)

    def hear(
        self, stream: str, samples: np.ndarray, stamp: int, memory: AudiovisualMemory
    ) -> Iterable[tuple[int, AvEmotionArray]]:
        self.tell(stream, self._recogniser.hear(memory, samples, stamp))
        return ()

    def told(self, stamp: int, voices: VoiceArray, memory: AudiovisualMemory) -> None:
        speaking = next((voice for voice in voices.voices if voice.speaking), None)
        said = HeardVoice(stamp, speaking is not None, speaking.face_id if speaking else "")
        self._recogniser.told(memory, said)

    def _due(self, memory: AudiovisualMemory) -> Iterable[tuple[int, AvEmotionArray]]:
        answer = self._recogniser.due(memory)
        if answer is not None:
            yield answer[0], av_emotion_array(answer[1], self._recogniser.labels)


if __name__ == "__main__":
    main(AudiovisualEmotion)
