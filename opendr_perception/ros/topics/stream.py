"""One camera of a perception node: its topics, its memory, and how it is doing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.publisher import Publisher
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception.msg import NodeStatistics
from opendr_perception.ros.convert import images
from opendr_perception.ros.node import ManagedNode, brief, qos
from opendr_perception.ros.outputs import Extra, Outputs
from opendr_perception.ros.topics import names
from opendr_perception.ros.topics.gaps import Arrival, GapDetector
from opendr_perception.ros.topics.health import Health
from opendr_perception.ros.topics.inputs import Input
from opendr_perception.ros.topics.latest import Counts
from opendr_perception.ros.topics.listener import Listener
from opendr_perception.ros.topics.pairing import LIMIT, Miss, Pairing
from opendr_perception.ros.topics.statistics import Statistics, Summary, statistics_message

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
        extras: the messages in which other stacks want its results.
    """

    def __init__(
        self,
        node: ManagedNode,
        name: str,
        source: Input,
        result: tuple[type, str],
        renew: Callable[[Any], Any],
        extras: Sequence[Extra] = (),
    ) -> None:
        self.name = name
        self._node = node
        self._input = source
        self.topic = names.resolve(node, self._topic(source.topic))
        self._renew = renew
        self.memory: Any = None
        drawing = "~/" + self._topic("image")
        self._results: Publisher = node.create_publisher(result[0], self._topic(result[1]), qos.result())
        self._drawings = node.create_publisher(ImageMessage, drawing, qos.result(1))
        self._jpegs = node.create_publisher(CompressedImage, drawing + names.COMPRESSED, qos.result(1))
        self.outputs = Outputs(node, extras, lambda topic: "~/" + self._topic(topic))
        self._statistics = node.create_publisher(NodeStatistics, "~/statistics", qos.result(10))
        self._listeners: list[Listener] = []
        self._timings = Statistics()
        self._summary: Summary = self._timings.drain()
        self.restart()

    def restart(self) -> None:
        """Forget the past, and all counts."""
        self.memory = self._renew(self.memory)
        self._gap_detector = GapDetector()
        self._health = Health()
        self._pairing: Pairing[Any, Any] | None = None
        self._mismatch = ""
        self._doubt = ""
        self._frame_id = ""

    # --- input ------------------------------------------------------------------------------------------------------

    def subscribe(
        self,
        put: Callable[[Stream, Arrival, object], None],
        drop: Callable[[Stream], None],
        reject: Callable[[Stream, str], None],
    ) -> None:
        """Hand each message to `put`, in the executor's thread, together with its image if the input has images.

        Messages whose image does not come are given to `drop`; those without a stamp that can be read, to `reject`.
        """
        if self._input.images is None:
            self._listen(self._input, lambda stamp, message: put(self, self._arrive(stamp), message), reject)
            return

        def deliver(image: object, result: tuple[Arrival, object]) -> None:
            self._mismatch = ""
            put(self, result[0], (image, result[1]))

        def give_up(miss: Miss) -> None:
            drop(self)
            if miss.in_a_row >= UNPAIRED:
                self._mismatch = self._explain_mismatch(miss)
                self._warn(self._mismatch, "pairing")

        self._pairing = pairing = Pairing(deliver, give_up)
        self._listen(
            self._input,
            lambda stamp, message: pairing.add_result(stamp, (self._arrive(stamp), message)),
            reject,
        )
        self._listen(self._input.images, pairing.add_image, reject)

    def _listen(
        self, source: Input, take: Callable[[int, object], None], reject: Callable[[Stream, str], None]
    ) -> None:
        def receive(message: object) -> None:
            try:
                stamp = source.stamp(message)
                if stamp < 0:
                    raise ValueError(f"the stamp is negative: {stamp * 1e-9:.3f} s")
            except ValueError as error:
                reject(self, str(error))
            else:
                take(stamp, message)

        profile = qos.newest(self._node.params.qos_reliability, depth=1 if self._input.images is None else LIMIT)
        topic = self._topic(source.topic)
        self._listeners.append(Listener(self._node, source.type, topic, receive, profile, source.raw, source.remedy))

    def _arrive(self, stamp: int) -> Arrival:
        return self._gap_detector.arrive(stamp, time.monotonic_ns())

    def unsubscribe(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._listeners = []

    def follow(self, header: Header, arrival: Arrival) -> float | None:
        """Take note of the next frame; after a gap, or when time leaps back, the memory restarts.

        Returns:
            The time in seconds for trackers and temporal models; None if the frame is too late to be served.
        """
        step = self._gap_detector.follow(arrival, self._node.params.max_gap)
        self._health.note(arrival.stamp, step)
        self._frame_id = header.frame_id
        if step.late:
            return None
        if step.restart:
            self._node.note(f"{self.topic}: {step.restart}; the stream restarts", f"{self.topic} restart")
            self.memory = self._renew(self.memory)
        return step.time

    def doubt(self, problem: str) -> None:
        """Note what is doubtful about a message that is used; '' for nothing."""
        self._doubt = problem
        if problem:
            self._warn(problem, "doubt")

    def reject(self, problem: str) -> None:
        """Note a message that cannot be used."""
        self._health.last_problem = brief(problem)
        self._warn(problem, "rejected")

    # --- output -----------------------------------------------------------------------------------------------------

    def publish(self, header: Header, result: Any, inference: float) -> None:
        """Publish a result under the header of its input; `inference` in seconds is for the statistics.

        A result that already names a frame keeps it: that of its positions, which need not be the camera's.
        """
        result.header = Header(stamp=header.stamp, frame_id=result.header.frame_id or header.frame_id)
        self._results.publish(result)
        clock = self._node.get_clock()
        age = clock.now() - Time.from_msg(header.stamp, clock.clock_type)
        self._timings.record(inference, age.nanoseconds * 1e-9)

    def watched(self) -> bool:
        """True if somebody wants to see the annotated image."""
        return any(publisher.get_subscription_count() > 0 for publisher in (self._drawings, self._jpegs))

    def publish_drawing(self, header: Header, canvas: np.ndarray) -> None:
        """Publish the annotated image in the forms that somebody wants to see."""
        if self._drawings.get_subscription_count() > 0:
            self._drawings.publish(images.to_message(canvas, header))
        if self._jpegs.get_subscription_count() > 0:
            self._jpegs.publish(images.to_jpeg(canvas, header))

    def close(self) -> None:
        for publisher in (self._results, self._drawings, self._jpegs, self._statistics):
            self._node.destroy_publisher(publisher)
        self.outputs.close()

    # --- telling ----------------------------------------------------------------------------------------------------

    def publish_statistics(self, counts: Counts) -> None:
        """Publish `~/statistics` for the period since the last call."""
        self._health.judge(counts)
        self.outputs.look()
        self._summary = self._timings.drain()
        self._statistics.publish(statistics_message(self._node, self.name, counts, self._summary))

    def diagnose(self) -> DiagnosticStatus:
        """Report the state of the stream, in words and numbers; silence is also warned about."""
        health = self._health
        level, rejections = health.rejections()
        irregular = health.irregularities(self._gap_detector.interval, self._node.params.max_gap)
        if irregular:
            self._warn(irregular, "time")
        heard = (listener.problem() for listener in self._listeners)
        problems = "; ".join(filter(None, (*heard, self._mismatch, rejections, irregular, self._doubt)))
        if problems:
            level = max(level, DiagnosticStatus.WARN)
        values = {
            "received": health.counts.received,
            "processed": health.counts.processed,
            "dropped": health.counts.dropped,
            "rejected": health.counts.rejected,
            "lost": sum(listener.lost for listener in self._listeners),
            **({"images alone": self._pairing.passed} if self._pairing else {}),
            "unstamped": health.unstamped,
            "repeated": health.repeated,
            "late": health.late.count,
            "restarts": health.restarts.count,
            "rate (Hz)": f"{self._summary.rate:.1f}",
            "interval (s)": f"{self._gap_detector.interval:.3f}",
            "inference (ms)": f"{self._summary.inference_mean * 1e3:.1f}",
            "latency (ms)": f"{self._summary.latency_mean * 1e3:.1f}",
            "last problem": health.last_problem,
        }
        return self._node.status(self.topic, level, problems or "images arrive", values, self._frame_id)

    def _explain_mismatch(self, miss: Miss) -> str:
        assert self._input.images is not None
        images_topic = names.resolve(self._node, self._topic(self._input.images.topic))
        if miss.offset is None:
            return f"it has come, but no image on {images_topic}"
        apart = f"{abs(miss.offset):.3f} s"
        if miss.late:
            return (
                f"it comes too late: the last {LIMIT} images of {images_topic} are kept, and the nearest of them is "
                f"{apart} later. Give the node that publishes it less to do"
            )
        return (
            f"no image on {images_topic} has the same stamp; the nearest one is {apart} "
            f"{'later' if miss.offset > 0 else 'earlier'}. Both must be of one camera, with its stamps"
        )

    def _warn(self, text: str, about: str) -> None:
        self._node.warn(f"{self.topic}: {text}", f"{self.topic} {about}")

    def _topic(self, name: str) -> str:
        return f"{self.name}/{name}" if self.name else name
