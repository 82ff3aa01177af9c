"""Timing on a machine that also does other things."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np

Run = Callable[[], object]

WARM_UP = 3
"""Runs of each before the clock counts."""


def alternating(
    runs: Mapping[str, tuple[Run, int]],
    rounds: int,
    warm_up: int = WARM_UP,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Time functions in turn, so that whatever else the machine does touches all of them alike.

    Args:
        runs: each function, and how often it runs in a row when its turn comes. Let all turns take about as long:
            each begins with what the one before has left in the processor's caches, which a short one would pay alone.
        rounds: how often the turn goes round.
        warm_up: runs of each before the clock counts.
        clock: in seconds. `time.thread_time` for what one thread computes: where others want its core, a run that is
            long is interrupted in any case and a short one hardly ever, so that by the wall they do not compare.

    Returns:
        Median time of one run of each, in ms.
    """
    for run, _ in runs.values():
        for _ in range(warm_up):
            run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, (run, repeats) in runs.items():
            for _ in range(repeats):
                start = clock()
                run()
                times[name].append(clock() - start)
    return {name: statistics.median(taken) * 1e3 for name, taken in times.items()}


def random_frames(*shape: int) -> np.ndarray:
    """Make float32 numbers of this shape, always the same: what a network is given does not change its time."""
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)
