"""One answer for each face, every quarter of a second, by whatever there is of its voice and its expression."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from opendr_perception.tasks.emotion import affect_of
from opendr_perception.tasks.emotion.audiovisual.clock import StreamClock
from opendr_perception.tasks.emotion.audiovisual.hearing import HeardClip, HeardSound
from opendr_perception.tasks.emotion.audiovisual.network import AudiovisualModel
from opendr_perception.tasks.emotion.audiovisual.watching import PERIOD, FaceDescriber, SeenFaces

APART = 3_000_000_000
"""Nanoseconds between the newest sound and the newest image from which on they cannot be joined."""
AGO = 2_000_000_000
"""Nanoseconds since which something must have been said of voices for their node to count as being there."""


@dataclass(frozen=True)
class FusionSettings:
    """Conditions under which a modality is evidence.

    Args:
        min_audio: share of the clip that must have sound.
        min_video: share of the clip's faces that must have been seen.
        min_speech: seconds of speech that the clip must have, where a detector of voices is heard.
        min_loudness: root mean square that the loudest tenth of a second must reach, where none is.
    """

    min_audio: float = 0.6
    min_video: float = 0.4
    min_speech: float = 0.3
    min_loudness: float = 1e-3


@dataclass(frozen=True)
class HeardVoice:
    """Something that was said of voices.

    Attributes:
        stamp: ns.
        speaking: whether somebody spoke.
        face: track of the face that spoke; '' where that is not known.
    """

    stamp: int
    speaking: bool
    face: str


@dataclass(frozen=True, eq=False)
class AudiovisualResult:
    """Emotion of a face, or of a voice that is nobody's.

    Attributes:
        track: of the face; '' for the voice alone.
        modalities: 'av', 'a' or 'v', which were used; '' where there is no evidence, and nothing is said.
        probabilities: (labels,), summing to 1; even ones without evidence.
        valence, arousal: in [-1, 1]; NaN without evidence.
        audio_coverage, video_coverage: shares of the clip in which there was sound, and in which the face was seen.
        frames: faces of the clip that were seen.
        warm: the clip was full of each modality that was used.
    """

    track: str
    modalities: str
    probabilities: np.ndarray
    valence: float
    arousal: float
    audio_coverage: float
    video_coverage: float
    frames: int
    warm: bool


@dataclass
class AudiovisualMemory:
    """Memory of one stream: sound, faces, what was said of voices, and its time."""

    sound: HeardSound
    faces: SeenFaces
    voices: deque[HeardVoice] = field(default_factory=lambda: deque(maxlen=512))
    clock: StreamClock = field(default_factory=StreamClock)

    @classmethod
    def of(cls, model: AudiovisualModel, describe: FaceDescriber) -> AudiovisualMemory:
        """An empty one."""
        return cls(HeardSound(model.config), SeenFaces(model.frames, describe.missing))

    def note(self, stamp: int) -> None:
        """Something with a stamp in ns comes; where time has gone back, all is forgotten before."""
        if self.clock.note(stamp):
            self.sound.restart()
            self.faces.restart()
            self.voices.clear()

    def apart(self) -> str:
        """A complaint where sound and images are not of the same time; ''."""
        heard, seen = self.sound.newest, self.faces.newest
        if heard is None or seen is None or self.faces.stale or abs(heard - seen) < APART:
            return ""
        return f"the stamps of sound and faces are {(heard - seen) * 1e-9:+.1f} s apart: they cannot be joined"


class Fuser:
    """Joins what was heard and seen.

    Args:
        model: the network.
        settings: when a modality is evidence.
    """

    def __init__(self, model: AudiovisualModel, settings: FusionSettings) -> None:
        self._model, self._settings = model, settings
        self._affect = np.nan_to_num(affect_of(model.labels))

    def __call__(self, memory: AudiovisualMemory, period: int) -> list[AudiovisualResult]:
        """Answers at the end of a period, for every face of the clip before, and for a voice that is that
        of none of them."""
        end = (period + 1) * PERIOD
        heard = memory.sound.clip(end)
        audible = heard is not None and self._audible(heard, memory.voices, end)
        tracks = memory.faces.tracks(period)
        speaker = self._speaker(memory.voices, tracks, end) if audible else ""
        rows = [self._row(memory, track, heard if track == speaker else None, period) for track in tracks]
        if audible and not speaker:
            rows.append(self._row(memory, "", heard, period))
        return self._answers(rows, heard.coverage if heard else 0.0)

    def _audible(self, heard: HeardClip, voices: Sequence[HeardVoice], end: int) -> bool:
        settings = self._settings
        if heard.coverage < settings.min_audio:
            return False
        recent = [voice for voice in voices if end - self._length <= voice.stamp <= end]
        if not recent or recent[-1].stamp < end - AGO:
            return heard.loudness >= settings.min_loudness
        times = np.diff([end - self._length, *(voice.stamp for voice in recent)])
        spoken = sum(min(int(time), PERIOD) for time, voice in zip(times, recent, strict=True) if voice.speaking)
        return bool(spoken * 1e-9 >= settings.min_speech)

    @property
    def _length(self) -> int:
        return self._model.frames * PERIOD

    def _speaker(self, voices: Sequence[HeardVoice], tracks: Sequence[str], end: int) -> str:
        """The track whose voice it is: as was said, or the only one there is; '' where nobody knows."""
        said = [voice.face for voice in voices if voice.face and end - self._length <= voice.stamp <= end]
        if said:
            return said[-1] if said[-1] in tracks else ""
        return tracks[0] if len(tracks) == 1 else ""

    def _row(self, memory: AudiovisualMemory, track: str, heard: HeardClip | None, period: int) -> _Row:
        model = self._model
        video, coverage, recent = memory.faces.clip(track, period)
        seen = coverage >= self._settings.min_video and (recent or heard is None)
        if not seen:
            video = np.repeat(memory.faces.missing[:, None], model.frames, 1)
        size = (model.config.coefficients, model.config.frames)
        audio = np.zeros(size, np.float32) if heard is None else model.scaled(heard.coefficients)
        modalities = "a" * (heard is not None) + "v" * seen
        full = (heard is None or heard.coverage > 0.95) and (not seen or coverage == 1.0)
        return _Row(track, modalities, audio, video, coverage, full)

    def _answers(self, rows: Sequence[_Row], audio_coverage: float) -> list[AudiovisualResult]:
        count = len(self._model.labels)
        told = [row for row in rows if row.modalities]
        found = self._model(np.stack([r.audio for r in told]), np.stack([r.video for r in told])) if told else ()
        known = {id(row): probabilities for row, probabilities in zip(told, found, strict=True)}
        answers = []
        for row in rows:
            probabilities = known.get(id(row), np.full(count, 1 / count, np.float32))
            valence, arousal = probabilities @ self._affect if row.modalities else (np.nan, np.nan)
            covered = audio_coverage if "a" in row.modalities else 0.0
            warm = bool(row.modalities) and row.full
            frames = round(row.seen * self._model.frames)
            affect = (float(valence), float(arousal))
            answers.append(
                AudiovisualResult(row.track, row.modalities, probabilities, *affect, covered, row.seen, frames, warm)
            )
        return answers


@dataclass(frozen=True, eq=False)
class _Row:
    """Input of the network for one track."""

    track: str
    modalities: str
    audio: np.ndarray
    video: np.ndarray
    seen: float
    full: bool
