"""The summary of each period."""

from __future__ import annotations

import math

import pytest

from opendr_perception.ros.topics import statistics
from opendr_perception.ros.topics.statistics import FOREIGN_CLOCK, Statistics


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic time in seconds, which the test sets."""
    now = [100.0]
    monkeypatch.setattr(statistics.time, "monotonic", lambda: now[0])
    return now


def test_a_period_is_summed_up_and_then_forgotten(clock: list[float]) -> None:
    timings = Statistics()
    for inference, latency in ((0.1, 0.2), (0.3, 0.6)):
        timings.record(inference, latency)
    clock[0] += 4.0
    summary = timings.drain()
    assert (summary.rate, summary.inference_mean) == (0.5, pytest.approx(0.2))
    assert (summary.latency_mean, summary.latency_max) == (pytest.approx(0.4), 0.6)

    clock[0] += 1.0
    timings.record(0.5, 0.5)
    summary = timings.drain()
    assert (summary.rate, summary.inference_mean, summary.latency_max) == (1.0, 0.5, 0.5)


def test_without_results_nothing_is_invented(clock: list[float]) -> None:
    timings = Statistics()
    for period in (1.0, 0.0):
        clock[0] += period
        summary = timings.drain()
        assert summary.rate == 0.0
        assert all(map(math.isnan, (summary.inference_mean, summary.latency_mean, summary.latency_max)))


def test_stamps_of_another_clock_have_no_latency(clock: list[float]) -> None:
    timings = Statistics()
    for latency in (0.25, 2 * FOREIGN_CLOCK, -2 * FOREIGN_CLOCK):
        timings.record(0.1, latency)
    clock[0] += 1.0
    summary = timings.drain()
    assert (summary.rate, summary.latency_mean, summary.latency_max) == (3.0, 0.25, 0.25)
