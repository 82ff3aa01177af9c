"""Statistics of one stream, as `~/statistics` publishes them."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

from opendr_perception.msg import NodeStatistics
from opendr_perception.ros.node import ManagedNode
from opendr_perception.ros.topics.latest import Counts

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
        self._since = time.monotonic()
        self._inferences: list[float] = []
        self._latencies: list[float] = []

    def record(self, inference: float, latency: float) -> None:
        """Note one result: seconds of inference, and seconds from the header stamp to publishing."""
        with self._lock:
            self._inferences.append(inference)
            if abs(latency) < FOREIGN_CLOCK:
                self._latencies.append(latency)

    def drain(self) -> Summary:
        """The summary since the last call."""
        with self._lock:
            now = time.monotonic()
            period, self._since = now - self._since, now
            inferences, self._inferences = self._inferences, []
            latencies, self._latencies = self._latencies, []
        return Summary(
            rate=len(inferences) / period if period > 0 else 0.0,
            inference_mean=sum(inferences) / len(inferences) if inferences else math.nan,
            latency_mean=sum(latencies) / len(latencies) if latencies else math.nan,
            latency_max=max(latencies, default=math.nan),
        )


def statistics_message(node: ManagedNode, stream: str, counts: Counts, summary: Summary) -> NodeStatistics:
    """Message of a node about a stream, for the period of a summary."""
    message = NodeStatistics(
        node=node.get_fully_qualified_name(),
        stream=stream,
        received=counts.received,
        processed=counts.processed,
        dropped=counts.dropped,
        rejected=counts.rejected,
        rate=summary.rate,
        inference_mean=summary.inference_mean,
        latency_mean=summary.latency_mean,
        latency_max=summary.latency_max,
    )
    message.header.stamp = node.get_clock().now().to_msg()
    return message
