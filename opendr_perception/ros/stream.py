"""One camera of a perception node: its topics, its memory, and how it is doing."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.event_handler import QoSRequestedIncompatibleQoSInfo, SubscriptionEventCallbacks
from rclpy.qos import QoSPolicyKind
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.time import Time
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception.msg import NodeStatistics
from opendr_perception.ros import images, qos
from opendr_perception.ros.continuity import Continuity
from opendr_perception.ros.inputs import Input
from opendr_perception.ros.mailbox import Counts
from opendr_perception.ros.managed import ManagedNode
from opendr_perception.ros.pairing import LIMIT, Pairing
from opendr_perception.ros.statistics import Statistics, Summary

SILENCE = 3.0
"""Seconds without a message, from publishers that are there, after which the stream is called silent."""

UNPAIRED = 3
"""Results in a row without an image of the same stamp, after which that is said; a single image may get lost."""


class Stream:
    """Subscribes the input of one stream, publishes its results, and tells how it is.

    Args:
        node: whose stream it is.
        name: the prefix of its topics; '' for none.
        source: what it subscribes.
        result: message type and topic of its results.
        renew: takes what the node kept of the past (None at first) and gives what it keeps from now on.
    """

    def __init__(
        self, node: ManagedNode, name: str, source: Input, result: tuple[type, str], renew: Callable[[Any], Any]
    ) -> None:
        self.name = name
        self._node = node
        self._input = source
        self.topic = node.resolve_topic_name(self._topic(source.topic))
        self._renew = renew
        self.memory: Any = None
        self._results: Any = node.create_publisher(result[0], self._topic(result[1]), qos.result())
        self._drawings = node.create_publisher(ImageMessage, "~/" + self._topic("image"), qos.result(1))
        self._statistics = node.create_publisher(NodeStatistics, "~/statistics", qos.result(10))
        self._subscriptions: dict[str, Any] = {}
        self._timings = Statistics()
        self._summary: Summary = self._timings.drain()
        self.start_anew()

    def start_anew(self) -> None:
        """Forget the past, and all counts."""
        self.memory = self._renew(self.memory)
        self.counts = Counts()
        self._continuity = Continuity()
        self._unstamped = 0
        self._restarts = 0
        self._last_problem = ""
        self._incompatible = ""
        self._mismatch = ""
        self._doubt = ""
        self._last_arrivals: dict[str, float] = {}

    # --- input ------------------------------------------------------------------------------------------------------

    def subscribe(self, put: Callable[[Stream, Any], None], drop: Callable[[Stream], None]) -> None:
        """Hand each message to `put`, in the executor's thread, together with its image if the input has images.

        Messages whose image does not come are given to `drop`.
        """
        if self._input.images is None:
            self._listen(self._input, lambda message: put(self, message))
            return

        def deliver(image: Any, result: Any) -> None:
            self._mismatch = ""
            put(self, (image, result))

        def miss(in_a_row: int, offset: float | None) -> None:
            drop(self)
            if in_a_row >= UNPAIRED:
                self._mismatch = self._explain_mismatch(offset)
                self._warn(self._mismatch, "pairing")

        pairing = Pairing(deliver, miss)
        self._listen(self._input, lambda message: pairing.add_result(self._input.stamp(message), message))
        images_of = self._input.images
        self._listen(images_of, lambda message: pairing.add_image(images_of.stamp(message), message))

    def _listen(self, source: Input, take: Callable[[Any], None]) -> None:
        topic = self._node.resolve_topic_name(self._topic(source.topic))

        def receive(message: Any) -> None:
            self._last_arrivals[topic] = time.monotonic()
            self._incompatible = ""  # whoever could not be heard has been replaced
            try:
                take(message)
            except ValueError as error:
                self.reject(str(error))

        self._last_arrivals[topic] = time.monotonic()
        self._subscriptions[topic] = self._node.create_subscription(
            source.type,
            topic,
            receive,
            qos.newest(self._node.params.qos_reliability, depth=1 if self._input.images is None else LIMIT),
            raw=source.raw,
            event_callbacks=SubscriptionEventCallbacks(incompatible_qos=partial(self._on_incompatible, topic)),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def unsubscribe(self) -> None:
        for subscription in self._subscriptions.values():
            self._node.destroy_subscription(subscription)
        self._subscriptions = {}

    def follow(self, header: Header) -> None:
        """Take note of the next frame's stamp: after a gap, or when time goes back, the memory starts anew."""
        stamp = Time.from_msg(header.stamp).nanoseconds
        if stamp == 0:
            self._unstamped += 1
            self._warn("the publisher sets no stamps, so gaps and latency cannot be told", "stamp")
        elif reason := self._continuity.check(stamp, self._node.params.max_gap):
            self._node.get_logger().info(f"{self.topic}: {reason}; the stream starts anew")
            self.memory = self._renew(self.memory)
            self._restarts += 1

    def doubt(self, problem: str) -> None:
        """Note what is doubtful about a message that is used; '' for nothing."""
        self._doubt = problem
        if problem:
            self._warn(problem, "doubt")

    def reject(self, problem: str) -> None:
        """Note a message that cannot be used."""
        self._last_problem = problem
        self._warn(problem, "rejected")

    # --- output -----------------------------------------------------------------------------------------------------

    def publish(self, header: Header, result: Any, inference: float) -> None:
        """Publish a result under the header of its input; `inference` in seconds is for the statistics."""
        result.header = header
        self._results.publish(result)
        clock = self._node.get_clock()
        age = clock.now() - Time.from_msg(header.stamp, clock.clock_type)
        self._timings.record(inference, age.nanoseconds * 1e-9)

    def watched(self) -> bool:
        """Whether somebody wants to see the annotated image."""
        return self._drawings.get_subscription_count() > 0

    def publish_drawing(self, header: Header, canvas: Any) -> None:
        self._drawings.publish(images.to_message(canvas, header))

    def close(self) -> None:
        for publisher in (self._results, self._drawings, self._statistics):
            self._node.destroy_publisher(publisher)

    # --- telling ----------------------------------------------------------------------------------------------------

    def publish_statistics(self, counts: Counts) -> None:
        """Publish `~/statistics` for the period since the last call."""
        self.counts, self._summary = counts, self._timings.drain()
        message = NodeStatistics(
            node=self._node.get_fully_qualified_name(),
            stream=self.name,
            received=counts.received,
            processed=counts.processed,
            dropped=counts.dropped,
            rejected=counts.rejected,
            rate=self._summary.rate,
            inference_mean=self._summary.inference_mean,
            latency_mean=self._summary.latency_mean,
            latency_max=self._summary.latency_max,
        )
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._statistics.publish(message)

    def diagnose(self) -> DiagnosticStatus:
        """How the stream is, in words and numbers; silence is also warned about."""
        problem = self._incompatible or self._silence() or self._mismatch or self._doubt
        values = {
            "received": self.counts.received,
            "processed": self.counts.processed,
            "dropped": self.counts.dropped,
            "rejected": self.counts.rejected,
            "unstamped": self._unstamped,
            "restarts": self._restarts,
            "rate (Hz)": f"{self._summary.rate:.1f}",
            "inference (ms)": f"{self._summary.inference_mean * 1e3:.1f}",
            "latency (ms)": f"{self._summary.latency_mean * 1e3:.1f}",
            "last problem": self._last_problem,
        }
        level = DiagnosticStatus.WARN if problem else DiagnosticStatus.OK
        return self._node.status(self.topic, level, problem or "images arrive", values)

    def _silence(self) -> str:
        for topic, subscription in self._subscriptions.items():
            silent = time.monotonic() - self._last_arrivals[topic]
            if silent < SILENCE:
                continue
            publishers = subscription.get_publisher_count()
            if publishers == 0:
                return f"nobody publishes {topic}"
            problem = (
                f"{publishers} publisher(s) of {topic}, but nothing arrived for {silent:.0f} s: the camera has "
                "stopped, or Fast DDS cannot carry its images (set FASTDDS_DEFAULT_PROFILES_FILE to this package's "
                "config/fastdds.xml for the publisher too)"
            )
            self._warn(problem, "silence")
            return problem
        return ""

    def _explain_mismatch(self, offset: float | None) -> str:
        assert self._input.images is not None
        images_topic = self._node.resolve_topic_name(self._topic(self._input.images.topic))
        if offset is None:
            return f"it has come, but no image on {images_topic}"
        return (
            f"no image on {images_topic} has the same stamp; the nearest one is {abs(offset):.3f} s "
            f"{'later' if offset > 0 else 'earlier'}. Both must be of one camera, with its stamps, and results must "
            f"not come more than {LIMIT} images late"
        )

    def _on_incompatible(self, topic: str, event: QoSRequestedIncompatibleQoSInfo) -> None:
        reason = qos.explain_incompatible(QoSPolicyKind(event.last_policy_kind))
        self._incompatible = f"a publisher of {topic} cannot be heard: {reason}"
        self._node.warn(self._incompatible)

    def _warn(self, text: str, about: str = "") -> None:
        self._node.warn(f"{self.topic}: {text}", about and f"{self.topic} {about}")

    def _topic(self, name: str) -> str:
        return f"{self.name}/{name}" if self.name else name
