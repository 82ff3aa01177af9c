"""One microphone or sensor of a node that hears: its topics, its samples in order, and how it is doing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.publisher import Publisher
from rclpy.time import Time
from std_msgs.msg import Header

from opendr_perception.msg import NodeStatistics
from opendr_perception.ros.node import ManagedNode, brief, qos
from opendr_perception.ros.signals.sources import SampleSource, published
from opendr_perception.ros.topics import Counts, Listener, Statistics, Summary, names, statistics_message
from opendr_perception.tasks.signals import Pace, SampleLine

DEPTH = 100
"""Messages that the middleware keeps until the executor takes them."""


class SampleStream:
    """Subscribes the samples of one stream, puts it in order, and tells how it is.

    Args:
        node: whose stream it is, with the parameters of `ros.signals.node.SampleParameters`.
        name: the prefix of its topics; '' for none.
        source: of the samples.
        result: message type and topic of its results.
        rate: at which the node hears, Hz.
        renew: takes what the node kept of the past (None at first) and gives what it keeps from now on.
    """

    def __init__(
        self,
        node: ManagedNode,
        name: str,
        source: SampleSource,
        result: tuple[type, str],
        rate: int,
        renew: Callable[[Any], Any],
    ) -> None:
        self.name = name
        self.memory: Any = None
        self._node, self._rate, self._renew = node, rate, renew
        self._source = source
        self.topic = names.resolve(node, self._topic(source.topic))
        self._results: Publisher = node.create_publisher(result[0], self._topic(result[1]), qos.result())
        self._statistics = node.create_publisher(NodeStatistics, "~/statistics", qos.result(10))
        self._listener: Listener | None = None
        self._beside: Any = None
        self._timings = Statistics()
        self._summary: Summary = self._timings.drain()
        self.restart()

    def restart(self) -> None:
        """Forget the past, and all counts."""
        params = self._node.params
        self.memory = self._renew(self.memory)
        self._line = SampleLine(self._rate, params.max_gap, self._source.fill)
        self._pace = Pace()
        self._silent, self._rejected = 0.0, 0
        self._doubt = self._last_problem = self._frame_id = self._found = ""

    # --- input ------------------------------------------------------------------------------------------------------

    def subscribe(self, put: Callable[[SampleStream, int, Any], None]) -> bool:
        """Hand each message to `put` with the time of its arrival in ns; False while no publisher tells its type.

        Raises:
            ValueError: the package of the messages is not installed.
        """
        kind = self._kind()
        self._listen_beside(kind)
        if self._listener is not None or not kind:
            return self._listener is not None
        profile = qos.newest(self._node.params.qos_reliability, DEPTH)
        clock = self._node.get_clock()
        self._listener = Listener(
            self._node,
            self._source.message_type(kind),
            self._topic(self._source.topic),
            lambda message: put(self, clock.now().nanoseconds, message),
            profile,
        )
        return True

    def _listen_beside(self, kind: str) -> None:
        """Subscribe what tells how to read messages of a type, as soon as somebody publishes it, in the way they do."""
        beside = self._source.beside(kind) if kind and self._beside is None else None
        if beside is None:
            return
        topic = names.resolve(self._node, self._topic(beside.topic))
        offered = self._node.get_publishers_info_by_topic(topic)
        if offered:
            profile = qos.newest("best_effort")
            profile.durability = offered[0].qos_profile.durability

            def take(message: Any) -> None:
                try:
                    beside.take(message)
                except ValueError as error:
                    self._warn(str(error), "info")

            self._beside = self._node.create_subscription(beside.type, topic, take, profile)

    def unsubscribe(self) -> None:
        if self._listener is not None:
            self._listener.close()
        if self._beside is not None:
            self._node.destroy_subscription(self._beside)
        self._listener = self._beside = None

    def _kind(self) -> str:
        """The one of the source's types that is published; '' while there is none."""
        found = [info.topic_type for info in self._node.get_publishers_info_by_topic(self.topic)]
        kind = published(self._source, found)
        if found and not kind:
            self._warn(f"it is published as {', '.join(sorted(set(found)))}, which is no {self._source.word}", "type")
        return kind

    def hear(self, arrived: int, message: object) -> Iterator[tuple[np.ndarray, int]]:
        """Put a message in its place; give the samples (n,) at the node's rate that follow, and the time of the first.

        Where the stream restarts, `memory` is renewed before its samples are given.

        Raises:
            ValueError: the message cannot be used.
        """
        heard = self._source.read(message, arrived)
        chunk = heard.chunk
        self._frame_id = heard.frame_id
        self._pace.note(chunk.stamp, len(chunk.samples), chunk.rate)
        self._doubt = self._pace.problem or heard.note or self._silence(chunk.samples, chunk.rate)
        if self._doubt:
            self._warn(self._doubt, "doubt")
        for stretch in self._line.add(chunk, self._node.params.channel):
            if stretch.restart:
                self._warn(f"{stretch.restart}; the stream restarts", "restart")
                self.memory = self._renew(self.memory)
            if len(stretch.samples):
                yield stretch.samples, stretch.stamp

    def tell(self, problem: str) -> None:
        """Note what is wrong with the samples, as who looks at them has found; '' for nothing."""
        if problem and problem != self._found:
            self._warn(problem, "found")
        self._found = problem

    def _silence(self, samples: np.ndarray, rate: float) -> str:
        self._silent = 0.0 if samples.any() else self._silent + len(samples) / rate
        return (
            f"digital silence for {self._silent:.0f} s: is the microphone muted?"
            if self._silent > self._source.silent
            else ""
        )

    def reject(self, problem: str) -> None:
        """Note a message that cannot be used."""
        self._last_problem = brief(problem)
        self._warn(problem, "rejected")

    # --- output -----------------------------------------------------------------------------------------------------

    def publish(self, stamp: int, result: Any, inference: float) -> None:
        """Publish a result about the sound up to a time in ns; `inference` in seconds is for the statistics."""
        clock = self._node.get_clock()
        result.header = Header(stamp=Time(nanoseconds=stamp).to_msg(), frame_id=self._frame_id)
        self._results.publish(result)
        self._timings.record(inference, (clock.now().nanoseconds - stamp) * 1e-9)

    def close(self) -> None:
        for publisher in (self._results, self._statistics):
            self._node.destroy_publisher(publisher)

    # --- telling ----------------------------------------------------------------------------------------------------

    def publish_statistics(self, counts: Counts) -> None:
        """Publish `~/statistics` for the period since the last call."""
        self._summary = self._timings.drain()
        self._statistics.publish(statistics_message(self._node, self.name, counts, self._summary))

    def diagnose(self, counts: Counts) -> DiagnosticStatus:
        """Report the state of the stream, in words and numbers."""
        unheard = self._listener.problem() if self._listener else f"nobody publishes {self.topic}"
        several = self._node.count_publishers(self.topic)
        mixed = f"{several} publishers of one topic are mixed: give each a stream of its own" if several > 1 else ""
        if mixed:
            self._warn(mixed, "publishers")
        dropped = "messages are dropped: the model is too slow here" if counts.dropped else ""
        refused = f"cannot be used: {self._last_problem}" if counts.rejected > self._rejected else ""
        self._rejected = counts.rejected
        problems = "; ".join(filter(None, (unheard, mixed, self._doubt, self._found, dropped, refused)))
        clock, samples = self._line.clock, self._line.counts
        values = {
            "received": counts.received,
            "processed": counts.processed,
            "dropped": counts.dropped,
            "rejected": counts.rejected,
            "samples": samples.received,
            "samples lost": samples.lost,
            "samples repeated": samples.repeated,
            "restarts": samples.restarts,
            "drift (ppm)": f"{clock.drift * 1e6:.0f}" if clock else "0",
            "jitter (ms)": f"{clock.jitter * 1e3:.1f}" if clock else "0",
            "rate (Hz)": f"{self._summary.rate:.1f}",
            "inference (ms)": f"{self._summary.inference_mean * 1e3:.1f}",
            "latency (ms)": f"{self._summary.latency_mean * 1e3:.1f}",
            "last problem": self._last_problem,
        }
        level = DiagnosticStatus.WARN if problems else DiagnosticStatus.OK
        return self._node.status(self.topic, level, problems or f"{self._source.word} arrives", values, self._frame_id)

    def _warn(self, text: str, about: str) -> None:
        self._node.warn(f"{self.topic}: {text}", f"{self.topic} {about}")

    def _topic(self, name: str) -> str:
        return f"{self.name}/{name}" if self.name else name
