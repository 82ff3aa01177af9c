"""From samples to messages by the nodes that only hear, without their topics; and the same for recordings.

voices = HEARING["voice_activity"].build(settings)
for end, message in voices.hear(memory, samples, stamp): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from rclpy.duration import Duration

from opendr_perception import zoo
from opendr_perception.msg import Sound, SoundArray, Voice, VoiceArray
from opendr_perception.tasks import sound
from opendr_perception.tasks.sound import (
    RATE,
    HeardSpeech,
    SampleSettings,
    SoundClassifier,
    SoundModel,
    SoundSettings,
    VoiceMemory,
    VoiceParameters,
)

MemoryT = TypeVar("MemoryT")
ResultT = TypeVar("ResultT", covariant=True)


class Hearer(Protocol[MemoryT, ResultT]):
    """Hears streams of sound; what is known of one is in its memory."""

    rate: int
    """At which it hears, Hz."""

    def new_memory(self) -> MemoryT:
        """The memory of a stream that begins."""
        ...

    def hear(self, memory: MemoryT, samples: np.ndarray, stamp: int) -> Iterator[tuple[int, ResultT]]:
        """Take the next samples (n,) float32 at `rate`, and the time of the first in ns.

        Gives messages without a header, and the times in ns of the end of the sound that each is about.
        """
        ...


@dataclass(frozen=True)
class HearingVoices(VoiceParameters, SampleSettings):
    """Settings of `voice_activity` that are about sound."""


@dataclass(frozen=True)
class HearingSounds(SoundSettings, SampleSettings):
    """Settings of `sound_classification` that are about sound."""


class VoiceHearer:
    """Tells voices, and whose they are where faces are seen.

    Args:
        settings: what is wanted.
        sessions: open models.
    """

    rate = RATE

    def __init__(self, settings: HearingVoices, sessions: zoo.Sessions = zoo.session) -> None:
        self.recogniser = sound.build(settings, sessions, device=settings.device, threads=settings.threads)

    def new_memory(self) -> VoiceMemory:
        return self.recogniser.new_memory()

    def hear(
        self, memory: VoiceMemory, samples: np.ndarray, stamp: int, *, deaf: bool = False
    ) -> Iterator[tuple[int, VoiceArray]]:
        for heard in self.recogniser.hear(memory, samples, stamp, deaf=deaf):
            yield heard.end, VoiceArray(voices=_voices(heard))


def _voices(heard: HeardSpeech) -> list[Voice]:
    voice = heard.voice
    if voice is None:
        return []
    since = Duration(nanoseconds=round(voice.since * 1e9)).to_msg()
    number = str(voice.number)
    return [Voice(voice_id=number, speaking=voice.speaking, score=voice.score, face_id=heard.face, since=since)]


class SoundHearer:
    """Names sounds.

    Args:
        settings: what is wanted.
        sessions: open models.

    Raises:
        ValueError: the model hears at another rate.
    """

    rate = 16000

    def __init__(self, settings: HearingSounds, sessions: zoo.Sessions = zoo.session) -> None:
        session = sessions(settings.model, device=settings.device, threads=settings.threads)
        self._model, self._threshold = SoundModel(session), settings.score_threshold
        if self._model.rate != self.rate:
            raise ValueError(f"{session.path}: it hears at {self._model.rate} Hz, this node at {self.rate} Hz")

    def new_memory(self) -> SoundClassifier:
        return SoundClassifier(self._model, self._threshold)

    def hear(self, memory: SoundClassifier, samples: np.ndarray, stamp: int) -> Iterator[tuple[int, SoundArray]]:
        began = memory.heard
        for heard in memory.push(samples):
            named = Sound(
                label=heard.label,
                score=float(heard.probabilities.max()),
                probabilities=heard.probabilities.tolist(),
                warm=heard.warm,
            )
            end = stamp + round((heard.end - began) / self.rate * 1e9)
            yield end, SoundArray(labels=list(self._model.labels), sounds=[named])


@dataclass(frozen=True)
class Hearing(Generic[ResultT]):
    """A way from sound to messages.

    Args:
        settings: a hearer is built from.
        build: builds it.
        result: type and topic of what comes out.
    """

    settings: type[SampleSettings]
    build: Callable[..., Hearer[Any, ResultT]]
    result: tuple[type, str]


Message = VoiceArray | SoundArray

HEARING: Mapping[str, Hearing[Message]] = {
    "voice_activity": Hearing(HearingVoices, VoiceHearer, (VoiceArray, "voices")),
    "sound_classification": Hearing(HearingSounds, SoundHearer, (SoundArray, "sounds")),
}
"""By the names of their nodes."""
