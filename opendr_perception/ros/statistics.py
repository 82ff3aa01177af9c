"""How fast one stream is served: what `~/statistics` says."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

FOREIGN_CLOCK = 3600.0
"""Seconds. An image older than this (or further in the future) was stamped by another clock: no latency."""


@dataclass(frozen=True)
class Summary:
    """One period: results per second; mean inference, mean and largest latency in seconds, NaN without results."""

    rate: float
    inference_mean: float
    latency_mean: float
    latency_max: float


class Statistics:
    """Collects timings in the worker's thread and hands out one summary for each period."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._restart()

    def record(self, inference: float, latency: float) -> None:
        """Note one result: seconds of inference, and seconds from the header stamp to publishing."""
        with self._lock:
            self._results += 1
            self._inference += inference
            if abs(latency) < FOREIGN_CLOCK:
                self._timed += 1
                self._latency += latency
                self._latency_max = max(self._latency_max, latency)

    def drain(self) -> Summary:
        """The summary since the last call."""
        with self._lock:
            period = time.monotonic() - self._since
            summary = Summary(
                rate=self._results / period if period > 0 else 0.0,
                inference_mean=self._inference / self._results if self._results else math.nan,
                latency_mean=self._latency / self._timed if self._timed else math.nan,
                latency_max=self._latency_max if self._timed else math.nan,
            )
            self._restart()
            return summary

    def _restart(self) -> None:
        self._since = time.monotonic()
        self._results = 0
        self._timed = 0
        self._inference = 0.0
        self._latency = 0.0
        self._latency_max = -math.inf
