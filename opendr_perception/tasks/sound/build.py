"""From settings to what tells whether somebody speaks, since when, and who of those whose faces are seen."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception import settings as values
from opendr_perception import zoo
from opendr_perception.settings import parameter
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.sound.mouth import MouthReader
from opendr_perception.tasks.sound.speaker import SpeakerFinder
from opendr_perception.tasks.sound.voice import RATE, SpeechModel, Voice, VoiceDetector, VoiceSettings

MESH = "facemesh"
"""Model of the zoo that measures mouths."""


@dataclass(frozen=True)
class VoiceParameters:
    """Voices."""

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
        0.1, "Shortest speech in seconds; what is shorter is a cough.", minimum=0.0, maximum=5.0, read_only=True
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
    find_speaker: bool = parameter(
        False,
        "Also subscribe image_raw and faces, and tell by the motion of the mouths whose voice it is (face_id).",
        read_only=True,
    )

    def decision(self) -> VoiceSettings:
        """The part that is about when somebody speaks."""
        return VoiceSettings(self.threshold, self.hysteresis, self.min_speech, self.min_silence, self.forget)


@dataclass
class VoiceMemory:
    """Memory of one stream: its speech, and the mouths that may belong to it."""

    detector: VoiceDetector
    finder: SpeakerFinder


@dataclass(frozen=True)
class HeardSpeech:
    """Result of one step.

    Args:
        end: time in ns of the end of its sound.
        voice: None while nobody has spoken lately.
        face: track of the face that speaks; '' where that is not known.
    """

    end: int
    voice: Voice | None
    face: str


class VoiceRecogniser:
    """Hears any number of streams at RATE; what is known of one is in its memory.

    Args:
        settings: of the decision.
        model: the detector of speech.
        mouths: measures mouths; None where nobody looks at them.
    """

    def __init__(self, settings: VoiceParameters, model: SpeechModel, mouths: MouthReader | None) -> None:
        self._decision, self._model, self._mouths = settings.decision(), model, mouths
        self._numbers = itertools.count(1)

    def new_memory(self) -> VoiceMemory:
        """The memory of a new stream."""
        return self.renewed(None)

    def renewed(self, memory: VoiceMemory | None) -> VoiceMemory:
        """The memory of a stream whose sound begins again: what was seen goes on."""
        detector = VoiceDetector(self._model, self._decision, self._numbers)
        if memory is None:
            return VoiceMemory(detector, SpeakerFinder(RATE))
        memory.finder.restart()
        return VoiceMemory(detector, memory.finder)

    def see(
        self,
        memory: VoiceMemory,
        stamp: int,
        image: Image,
        tracks: Sequence[str],
        boxes: Sequence[np.ndarray],
        landmarks: Sequence[np.ndarray],
    ) -> None:
        """Look at the mouths of the faces of an image with a stamp in ns, by their tracks."""
        if self._mouths is not None:
            for track, opening in zip(tracks, self._mouths(image, boxes, landmarks), strict=True):
                memory.finder.see(stamp, track, float(opening))

    def hear(
        self, memory: VoiceMemory, samples: np.ndarray, stamp: int, *, deaf: bool = False
    ) -> Iterator[HeardSpeech]:
        """Take the next samples (n,) and the time of the first in ns; give what is heard in each step of 32 ms.

        Args:
            memory: of the stream.
            samples: float32 in [-1, 1] at RATE.
            stamp: in ns.
            deaf: what is heard is no matter, such as the robot's own speech.
        """
        began = memory.detector.heard
        if self._mouths is not None:
            memory.finder.hear(samples, stamp)
        for judged in memory.detector.push(samples, deaf=deaf):
            end = stamp + round((judged.end - began) / RATE * 1e9)
            voice = judged.voice
            face = memory.finder.find(end, voice.number) if voice is not None and voice.speaking else ""
            yield HeardSpeech(end, voice, face)


def build(
    settings: VoiceParameters = VoiceParameters(),
    sessions: zoo.Sessions = zoo.session,
    device: str = "cpu",
    threads: int = 1,
) -> VoiceRecogniser:
    """A recogniser of voices.

    Args:
        settings: what is wanted.
        sessions: open models by name.
        device: of the models.
        threads: of the models on the CPU.

    Raises:
        ValueError: a setting has a value that is not allowed.
        ZooError, EngineError: a model cannot be had, or is another one.
    """
    values.check(settings)
    speech = SpeechModel(sessions(settings.model, device=device, threads=threads))
    mouths = MouthReader(sessions(MESH, device=device, threads=threads)) if settings.find_speaker else None
    return VoiceRecogniser(settings, speech, mouths)
