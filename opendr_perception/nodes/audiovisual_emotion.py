"""Node `audiovisual_emotion`: the emotion of each face by its expression and its voice, and by what is left of them.

Four times a second it tells of the last 3.6 seconds. A muted microphone, darkness or a face that is gone costs that
modality, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.clock import Clock
from rclpy.clock_type import ClockType

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.msg import AvEmotionArray, VoiceArray
from opendr_perception.ros.convert.messages import av_emotion_array, face_views
from opendr_perception.ros.node import main, parameter
from opendr_perception.ros.signals import SampleNode, SampleParameters, Sights
from opendr_perception.ros.topics import transport_parameter
from opendr_perception.tasks.emotion.audiovisual import (
    PERIOD,
    AudiovisualMemory,
    AudiovisualModel,
    FaceDescriber,
    Fuser,
    FusionSettings,
    HeardVoice,
)
from opendr_perception.tasks.sound import MFCC_RATE

TICK = 0.06
"""Seconds after which it is looked whether something is due."""


@dataclass(frozen=True)
class Parameters(SampleParameters):
    """Parameters of `audiovisual_emotion`."""

    model: str = parameter(
        "emotion-av",
        "A network that joins voices and faces, of the zoo (opendr-perception models list), or an ONNX file that "
        "opendr_perception.training.emotion.audiovisual.export has written.",
        read_only=True,
    )
    expression: str = parameter(
        "expression-research",
        "The network that looks at single faces: one for the same expressions, of the zoo or an ONNX file.",
        read_only=True,
    )
    image_transport: str = transport_parameter()
    delay: float = parameter(
        0.25, "Seconds that are waited for faces and sound of the same time.", minimum=0.0, maximum=2.0, read_only=True
    )
    min_audio: float = parameter(
        0.6, "Share of the 3.6 s that must have sound for a voice to be judged.", minimum=0.0, maximum=1.0
    )
    min_video: float = parameter(
        0.4, "Share of the 3.6 s in which a face must be seen to be judged.", minimum=0.0, maximum=1.0
    )


class AudiovisualEmotion(SampleNode):
    """audio, image_raw, faces, voices -> emotions_av, each 0.24 s."""

    NAME = "audiovisual_emotion"
    RESULT = (AvEmotionArray, "emotions_av")
    RATE = MFCC_RATE
    Parameters = Parameters

    def __init__(self, **options: Any) -> None:
        self._sights: dict[str, Sights] = {}
        super().__init__(**options)

    def load(self) -> None:
        model, faces = (
            Session(zoo.require(name).path, device=self.params.device, threads=self.params.threads)
            for name in (self.params.model, self.params.expression)
        )
        if "research" in (model.metadata.get("terms"), faces.metadata.get("terms")):
            self.warn("it uses weights that are for research only; their cards say more", "terms")
        self._model = AudiovisualModel(model)
        self._describe = FaceDescriber(faces, self._model)
        settings = FusionSettings(min_audio=self.params.min_audio, min_video=self.params.min_video)
        self._fuse = Fuser(self._model, settings)

    def new_memory(self) -> AudiovisualMemory:
        return AudiovisualMemory.of(self._model, self._describe)

    def renew_memory(self, memory: AudiovisualMemory | None) -> AudiovisualMemory:
        """The memory of a stream whose sound begins again: what was seen goes on."""
        if memory is None or self.stage != "active":
            return self.new_memory()
        memory.sound.restart()
        return memory

    def activate(self) -> None:
        super().activate()
        for name in self.params.streams:
            self._sights[name] = self._open(name)
        self._timer = self.create_timer(TICK, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def deactivate(self) -> None:
        self.destroy_timer(self._timer)
        for sights in self._sights.values():
            sights.close()
        self._sights = {}
        super().deactivate()

    def _open(self, name: str) -> Sights:
        looked = -1

        def see(stamp: int, messages: Any) -> None:
            nonlocal looked
            if stamp // PERIOD != looked:  # one image of each period is enough
                looked = stamp // PERIOD
                self.aside(name, lambda memory: self._see(name, memory, stamp, messages))

        def hear(stamp: int, message: VoiceArray) -> None:
            speaking = next((voice for voice in message.voices if voice.speaking), None)
            said = HeardVoice(stamp, speaking is not None, speaking.face_id if speaking else "")
            self.aside(name, lambda memory: _told(memory, said))

        return Sights(self, name, self.params.image_transport, see, hear)

    def _tick(self) -> None:
        for name in self._sights:
            self.aside(name, self._due)

    # --- the worker's thread ------------------------------------------------------------------------------------------

    def _see(self, name: str, memory: AudiovisualMemory, stamp: int, messages: Any) -> Iterable[tuple[int, Any]]:
        _, found = self._sights[name].source.open(messages)
        memory.note(stamp)
        memory.faces.add(stamp, self._describe, found.image, face_views(found.agreeing()))
        return ()

    def hear(
        self, stream: str, samples: np.ndarray, stamp: int, memory: AudiovisualMemory
    ) -> Iterable[tuple[int, AvEmotionArray]]:
        memory.note(stamp)
        memory.sound.push(samples, stamp)
        self.tell(stream, memory.apart())
        return ()

    def _due(self, memory: AudiovisualMemory) -> Iterable[tuple[int, AvEmotionArray]]:
        period = memory.clock.due(PERIOD, round(self.params.delay * 1e9))
        if period is not None:
            yield (period + 1) * PERIOD, av_emotion_array(self._fuse(memory, period), self._model.labels)

    def diagnose(self) -> list[DiagnosticStatus]:
        beside = []
        for name, sights in self._sights.items():
            problem = sights.problem()
            level = DiagnosticStatus.WARN if problem else DiagnosticStatus.OK
            beside.append(self.status(f"{name} faces".strip(), level, problem or "faces arrive", {}, ""))
        return [*super().diagnose(), *beside]


def _told(memory: AudiovisualMemory, said: HeardVoice) -> Iterable[tuple[int, Any]]:
    memory.voices.append(said)
    return ()


if __name__ == "__main__":
    main(AudiovisualEmotion)
