"""Voices and faces for hours: memory stays as large as it was, and sound stays where its images are."""

from __future__ import annotations

import gc
import resource
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from opendr_perception.tasks.emotion import FaceView
from opendr_perception.tasks.emotion.audiovisual import (
    PERIOD,
    AudiovisualMemory,
    AudiovisualModel,
    AudiovisualRecogniser,
    FaceDescriber,
    HeardVoice,
    Settings,
)
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.signals import Chunk, Resampler, SampleBuffer
from opendr_perception.tasks.sound import MFCC_RATE
from opendr_perception.tasks.sound.mfcc import HOP

RATE, SIZE = 16000, 3840
"""Of the microphone, Hz, and of a chunk: 0.24 s by its own clock."""
DRIFT, JITTER = 100e-6, 0.0005
RAMP = 1 << 15
"""Samples after which the sound, whose values tell their places, begins again."""
BEGIN = 1000 * PERIOD
LOST, LONG_LOST, TWICE, SWAPPED, AHEAD, BACK = 101, 293, 89, 113, 401, 331
"""Chunks from one such event to the next: one lost, nine lost, one that comes twice, two in the wrong order, stamps
that jump ahead by 7 s, stamps that jump back by 4 s."""


class DrawnFaces(FaceDescriber):
    """Numbers at random instead of a network's."""

    def __init__(self, features: int) -> None:
        self.missing: np.ndarray = np.zeros(features, np.float32)
        self._rng = np.random.default_rng(0)

    def __call__(self, image: Image, faces: Sequence[FaceView]) -> np.ndarray:
        return self._rng.normal(size=(len(faces), len(self.missing))).astype(np.float32)


@dataclass
class Day:
    """A microphone whose clock is 100 ppm slow, a camera whose clock is that of the stamps, and what hears and sees."""

    recogniser: AudiovisualRecogniser
    memory: AudiovisualMemory
    buffer: SampleBuffer = field(default_factory=SampleBuffer)
    resampler: Resampler = field(default_factory=lambda: Resampler(RATE, MFCC_RATE))
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    image: Image = field(default_factory=lambda: Image(np.zeros((64, 64, 3), np.uint8), "rgb8"))
    jumped: int = 0
    heard: int = 0
    since: int = 0
    modalities: Counter[str] = field(default_factory=Counter)
    worst: float = 0.0

    def time(self, tick: int) -> int:
        """True time of the first sample of a chunk, ns, with what stamps have jumped by until now."""
        return BEGIN + round(tick * SIZE / RATE * (1 + DRIFT) * 1e9) + self.jumped

    def chunk(self, tick: int) -> Chunk:
        places = 1 + (tick * SIZE + np.arange(SIZE)) % RAMP
        stamp = self.time(tick) + round(self.rng.normal(0, JITTER) * 1e9)
        return Chunk((places / (2 * RAMP)).astype(np.float32)[:, None], float(RATE), stamp)

    def hear(self, chunk: Chunk) -> None:
        """As the node's stream puts chunks in order."""
        for piece in self.buffer.add(chunk):
            if piece.index == 0:
                self.resampler, self.heard = Resampler(RATE, MFCC_RATE), 0
                if piece.restart:
                    self.memory.sound.restart()
            samples = self.resampler.push(piece.samples)[:, 0]
            if len(samples) and self.buffer.clock is not None:
                stamp = self.buffer.clock.time(round(self.heard * RATE / MFCC_RATE))
                self.heard += len(samples)
                self.recogniser.hear(self.memory, samples, stamp)

    def live(self, tick: int) -> None:
        """A quarter of a second."""
        jump = 7 * (tick % AHEAD == AHEAD - 1) - 4 * (tick % BACK == BACK - 1)
        if jump:
            self.jumped, self.since = self.jumped + round(jump * 1e9), tick
        stamp, swapped = self.time(tick), tick % SWAPPED
        faces = [FaceView(np.array([0.0, 0.0, 64.0, 64.0]), track=str((tick + k) // 40)) for k in (0, 40)]
        self.recogniser.see(self.memory, stamp, self.image, faces)
        self.recogniser.told(self.memory, HeardVoice(stamp, tick % 3 > 0, faces[0].track))
        if tick % LOST == 50 or tick % LONG_LOST < 9:
            self.since = tick
        elif swapped == 20:
            return
        else:
            self.hear(self.chunk(tick))
            if swapped == 21:
                self.hear(self.chunk(tick - 1))
            if tick % TWICE == 7:
                self.hear(self.chunk(tick))
        answer = self.recogniser.due(self.memory)
        if answer is not None:
            self.modalities.update(found.modalities for found in answer[1])
            if tick - self.since > 40:  # 10 s after the last event nothing of it is in the clip
                self.worst = max(self.worst, self.misplaced(answer[0]))

    def misplaced(self, end: int) -> float:
        """Seconds, beyond a frame, by which a sample of the clip that ends at a time in ns is not that of its time."""
        clip = self.memory.sound.clip(end)
        assert clip is not None
        steps = np.diff(clip.samples)
        middle = next(k for k in range(len(steps) // 2, len(steps)) if (steps[k - 64 : k + 64] > 0).all())
        place = clip.samples[middle] * 2 * RAMP - 1
        before = (len(clip.samples) - middle) / MFCC_RATE
        wanted = ((end - BEGIN - self.jumped) * 1e-9 - before) / (1 + DRIFT) * RATE
        apart = (wanted - place + RAMP / 2) % RAMP - RAMP / 2
        frame = HOP * RATE / MFCC_RATE
        return float(max(-apart, apart - frame, 0.0) / RATE)


@pytest.mark.parametrize("ticks", [450, pytest.param(100_000, marks=pytest.mark.soak)])
def test_memory_and_alignment_stay(joined: AudiovisualModel, ticks: int) -> None:
    recogniser = AudiovisualRecogniser(Settings(), joined, DrawnFaces(joined.features))
    day, before = Day(recogniser, recogniser.new_memory()), 0
    for tick in range(ticks):
        day.live(tick)
        if tick == ticks // 2:
            gc.collect()
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{ticks} ticks: {grown:.1f} MB, {day.worst * 1e3:.2f} ms, {day.buffer.counts}, {dict(day.modalities)}")
    assert grown < 5, "MB"
    assert day.memory.sound.kept <= 10 * MFCC_RATE
    assert day.buffer.waiting <= 2 * RATE
    assert day.worst < 0.003, "s"
    assert day.buffer.counts.restarts >= ticks // LONG_LOST + ticks // AHEAD + ticks // BACK
    assert day.buffer.counts.repeated >= ticks // TWICE * SIZE * 0.6, "but where they were lost too"
    answered = sum(day.modalities.values())
    assert answered > 1.9 * ticks * 0.9, "two faces, each tick"
    assert 0.3 < day.modalities["av"] / answered <= 0.6, "the voice is that of one of them"
    assert day.modalities[""] / answered < 0.15, "faces that have just come"
    assert set(day.modalities) <= {"av", "a", "v", ""}
