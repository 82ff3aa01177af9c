"""Cost of ordering and resampling samples, and drift of their time over hours."""

from __future__ import annotations

import resource
import time

import numpy as np
from scipy.signal import resample_poly

from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, smaller_is_better
from opendr_perception.bench.harness.timing import Run, alternating
from opendr_perception.bench.signals.attention import attention
from opendr_perception.tasks.signals import Chunk, Resampler, SampleBuffer

CASE = "signals"
RATE, SIZE = 16000, 320
"""Chunks of 20 ms."""
DRIFT = 100e-6
"""Of the clock of the samples."""


def signals(extent: Extent) -> list[Figure]:
    """The case `signals`."""
    return [
        *_endurance(extent.pick(100_000, 20_000, 5_000)),
        _resampling(extent.pick(50, 10, 1)),
        *attention(extent.pick(100_000, 10_000, 500), extent.pick(50, 10, 1)),
    ]


def _endurance(ticks: int) -> list[Figure]:
    """Chunks that jitter by 1 ms, some of them lost, late or repeated, on clocks that drift apart."""
    rng = np.random.default_rng(0)
    buffer, data = SampleBuffer(), np.zeros((SIZE, 1), np.float32)
    worst, lost, before, began = 0.0, 0, 0, time.process_time()
    for tick in range(ticks):
        true = tick * SIZE / RATE * (1 + DRIFT)
        if tick == ticks // 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if tick % 997 == 500:
            lost += SIZE
            continue
        chunk = Chunk(data, float(RATE), round(1e9 * (1000 + true + rng.normal(0, 0.001))))
        for piece in (*buffer.add(chunk), *(buffer.add(chunk) if tick % 1009 == 7 else ())):
            if tick > ticks // 10:
                index = piece.index * (1 + DRIFT) / RATE
                worst = max(worst, abs(piece.stamp * 1e-9 - 1000 - index))
    cost = (time.process_time() - began) / ticks * 1e6
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    metric = f"{ticks} chunks at {DRIFT * 1e6:g} ppm"
    return [
        smaller_is_better(CASE, f"{metric}: largest error of a sample's time", "ms", worst * 1e3, 2.0),
        smaller_is_better(
            CASE, f"{metric}: lost samples that were not counted", "samples", abs(buffer.counts.lost - lost), 0
        ),
        smaller_is_better(CASE, f"{metric}: memory", "MB", grown, 5.0),
        smaller_is_better(CASE, "putting a chunk in order", "us", cost, 200.0),
    ]


def _resampling(rounds: int) -> Figure:
    """One second in chunks of 20 ms, against all of it at once."""
    second = np.random.default_rng(0).normal(size=(48000, 1)).astype(np.float32)
    resampler = Resampler(48000, RATE)

    def stream() -> None:
        for place in range(0, 48000, 960):
            resampler.push(second[place : place + 960])

    runs: dict[str, tuple[Run, int]] = {"stream": (stream, 1), "whole": (lambda: resample_poly(second, 1, 3), 1)}
    times = alternating(runs, rounds)
    metric = "a second of sound from 48 to 16 kHz, in chunks of 20 ms"
    return smaller_is_better(CASE, metric, "ms", times["stream"], 50.0, times["whole"], "scipy, all at once")
