"""A working day of voices and faces in short: memory, and how well they stay aligned."""

from __future__ import annotations

import resource
from collections.abc import Sequence

import numpy as np

from opendr_perception import zoo
from opendr_perception.bench.harness.figure import Figure, smaller_is_better
from opendr_perception.engine.session import Session
from opendr_perception.tasks.emotion import FaceView
from opendr_perception.tasks.emotion.audiovisual import (
    PERIOD,
    AudiovisualMemory,
    AudiovisualModel,
    FaceDescriber,
    Fuser,
    FusionSettings,
    HeardVoice,
)
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.sound import MFCC_RATE
from opendr_perception.tasks.sound.mfcc import HOP

CASE = "av"
DRIFT = 100e-6
"""Of the clock of the samples."""
FIRST, LOOK, ASK = 1000, 97, 25
"""The first period, and periods from one look at the alignment, and one answer of the network, to the next."""
RAMP = 1 << 16
"""Samples after which the sound, whose values tell their places, begins again."""


class DrawnFaces(FaceDescriber):
    """Numbers of faces at random instead of a network's: it is what is kept of them that is looked at."""

    def __init__(self, features: int) -> None:
        self.missing: np.ndarray = np.zeros(features, np.float32)
        self._rng = np.random.default_rng(0)

    def __call__(self, image: Image, faces: Sequence[FaceView]) -> np.ndarray:
        return self._rng.normal(size=(len(faces), len(self.missing))).astype(np.float32)


def endurance(ticks: int) -> list[Figure]:
    """So many quarters of a second: sound is missing now and then, faces come and go, and clocks drift apart."""
    model = AudiovisualModel(Session(zoo.require("emotion-av").path, threads=1))
    describe = DrawnFaces(model.features)
    memory, fuse = AudiovisualMemory.of(model, describe), Fuser(model, FusionSettings())
    size, image = round(PERIOD * 1e-9 * MFCC_RATE), Image(np.zeros((64, 64, 3), np.uint8), "rgb8")
    answers, worst, before = 0, 0.0, 0
    for tick in range(ticks):
        begin = (FIRST + tick) * PERIOD
        heard = round(tick * PERIOD * 1e-9 / (1 + DRIFT) * MFCC_RATE)  # samples that the microphone has given
        if tick == ticks // 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if tick % 1009 != 500:
            samples = (1 + (heard + np.arange(size)) % RAMP).astype(np.float32) / (2 * RAMP)
            stamp = FIRST * PERIOD + round(heard / MFCC_RATE * (1 + DRIFT) * 1e9)
            if tick % 1009 == 501:  # as the stream that restarts after a gap
                memory.sound.restart()
            memory.note(stamp)
            memory.sound.push(samples, stamp)
        faces = [FaceView(np.array([0.0, 0.0, 64.0, 64.0]), track=str((tick + k) // 40)) for k in range(0, 80, 40)]
        memory.faces.add(begin, describe, image, faces)
        memory.voices.append(HeardVoice(begin, tick % 3 > 0, faces[0].track))
        answers += tick % ASK == 0 and bool(fuse(memory, FIRST + tick))
        if tick % LOOK == 0 and tick > 30:
            worst = max(worst, _misplaced(memory, begin + PERIOD))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    metric = f"{ticks} ticks of voices and faces at {DRIFT * 1e6:g} ppm"
    return [
        smaller_is_better(CASE, f"{metric}: memory", "MB", grown, 5.0),
        smaller_is_better(CASE, f"{metric}: answers that did not come", "", float(-(-ticks // ASK) - answers), 0),
        smaller_is_better(
            CASE, f"{metric}: largest error of alignment beyond a frame of {HOP} samples", "ms", worst * 1e3, 2.0
        ),
    ]


def _misplaced(memory: AudiovisualMemory, end: int) -> float:
    """Seconds, beyond a frame, by which the newest sample of a clip is not that of its time."""
    clip = memory.sound.clip(end)
    if clip is None or not clip.samples[-2 * HOP :].any():
        return 0.0
    newest = np.flatnonzero(clip.samples)[-1]
    place = round(float(clip.samples[newest]) * 2 * RAMP) - 1
    wanted = (end - FIRST * PERIOD) * 1e-9 / (1 + DRIFT) * MFCC_RATE - (len(clip.samples) - newest)
    apart = (wanted - place + RAMP / 2) % RAMP - RAMP / 2
    return float(max(abs(apart) - HOP, 0) / MFCC_RATE)
