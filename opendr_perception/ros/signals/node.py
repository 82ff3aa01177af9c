"""Base of all nodes that hear: sound in, one worker, typed results out, stamped with the end of what was heard.

The way of a chunk: reliable subscription -> queue, in which nothing is replaced -> worker thread -> order by sample
time -> the node's rate -> `hear` -> results. The executor never runs inference.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus

from opendr_perception.ros.node import ManagedNode, NodeParameters, parameter
from opendr_perception.ros.signals.queue import Queue
from opendr_perception.ros.signals.sources import AudioSamples, SampleSource
from opendr_perception.ros.signals.stream import SampleStream
from opendr_perception.ros.topics.names import check_streams
from opendr_perception.tasks.sound import TYPES, SampleSettings

PATIENCE = 2.0
"""Seconds that a run of the model has to end when the node stops."""


@dataclass(frozen=True)
class SampleParameters(SampleSettings, NodeParameters):
    """Parameters of every node that hears."""

    streams: tuple[str, ...] = parameter(
        ("",),
        "Names of the microphones that this node serves with one model. 'front' makes it subscribe front/audio and "
        "publish below front/; the empty name is the plain topic.",
        read_only=True,
    )
    audio_type: str = parameter(
        "auto",
        "Type of the messages on audio. auto takes that of whoever publishes it. AudioData and AudioDataStamped are of "
        "ros-drivers' audio_common_msgs, AudioStamped of the other package of that name, RawAudio of foxglove_msgs.",
        choices=("auto", *TYPES),
        read_only=True,
    )
    qos_reliability: str = parameter(
        "reliable",
        "Requested reliability. reliable loses nothing on the way; best_effort hears all publishers.",
        choices=("best_effort", "reliable"),
        read_only=True,
    )


@dataclass(frozen=True)
class Aside:
    """Work on the memory of a stream between its sounds; gives results as `SampleNode.hear` does."""

    work: Callable[[Any], Iterable[tuple[int, Any]]]


class SampleNode(ManagedNode):
    """Base of the nodes that turn a stream of sound into results at their own times."""

    Parameters: ClassVar[type[NodeParameters]] = SampleParameters
    RESULT: ClassVar[tuple[type, str]]
    """Type and topic of the result."""
    RATE: ClassVar[int] = 16000
    """At which it hears, Hz."""

    def __init__(self, **options: object) -> None:
        self._streams: dict[str, SampleStream] = {}
        self._queue: Queue[tuple[int, object]] = Queue(())
        self._worker: threading.Thread | None = None
        super().__init__(**options)

    # --- what a node implements -------------------------------------------------------------------------------------

    def load(self) -> None:
        """Load and warm the model. What it raises keeps the node from starting."""
        raise NotImplementedError

    def unload(self) -> None:
        """Let go of the model."""

    @property
    def rate(self) -> int:
        """At which samples are wanted, Hz."""
        return self.RATE

    def source(self) -> SampleSource:
        """The source of the samples."""
        return AudioSamples(self.params)

    def new_memory(self) -> object:
        """Make the memory of a stream, which is kept from chunk to chunk."""
        raise NotImplementedError

    def renew_memory(self, memory: Any) -> object:
        """Memory of a stream whose sound begins again, by what was kept of it before (None at first)."""
        return self.new_memory()

    def aside(self, stream: str, work: Callable[[Any], Iterable[tuple[int, Any]]]) -> None:
        """Have the worker do something with the memory of a stream between its sounds. Never blocks."""
        self._queue.put(stream, (0, Aside(work)))

    def tell(self, stream: str, problem: str) -> None:
        """Say in the log and the diagnostics what is wrong with the samples of a stream; '' for nothing."""
        self._streams[stream].tell(problem)

    def caution(self, text: str) -> None:
        """Warn of what a model says of itself."""
        self.warn(text, text)

    def hear(self, stream: str, samples: np.ndarray, stamp: int, memory: Any) -> Iterable[tuple[int, Any]]:
        """Take the next samples (n,) float32 at `rate`, and the time of the first in ns.

        Gives results with the times in ns of the end of the sound that each is about.
        """
        raise NotImplementedError

    # --- lifecycle --------------------------------------------------------------------------------------------------

    def configure(self) -> None:
        names = check_streams(self.params.streams)
        self.load()
        self.until_cleanup.callback(self.unload)
        self.until_cleanup.callback(self._streams.clear)
        for name in names:
            stream = SampleStream(self, name, self.source(), self.RESULT, self.rate, self.renew_memory)
            self._streams[name] = stream
            self.until_cleanup.callback(stream.close)

    def activate(self) -> None:
        if self._worker is not None and self._worker.is_alive():
            raise RuntimeError("the last run of the model has not come to its end: restart the process")
        self._queue = Queue(tuple(self._streams))
        self._worker = threading.Thread(
            target=self._work, args=(self._queue,), name=f"{self.get_name()} worker", daemon=True
        )
        self._worker.start()
        self.until_deactivate.callback(self._end, self._queue, self._worker)
        for stream in self._streams.values():
            self.until_deactivate.callback(stream.unsubscribe)
            stream.restart()
            stream.subscribe(self._receive)

    def _end(self, queue: Queue[tuple[int, object]], worker: threading.Thread) -> None:
        queue.close()
        worker.join(PATIENCE)
        if worker.is_alive():
            raise TimeoutError(f"the model has not answered for {PATIENCE:g} s; its answer will not be heard")

    # --- the executor's thread --------------------------------------------------------------------------------------

    def _receive(self, stream: SampleStream, arrived: int, message: object) -> None:
        self._queue.put(stream.name, (arrived, message))

    def tick(self) -> None:
        if self.stage == "active":
            for stream in self._streams.values():
                self._try_to_subscribe(stream)
                stream.publish_statistics(self._queue.counts(stream.name))
        super().tick()

    def _try_to_subscribe(self, stream: SampleStream) -> None:
        try:
            stream.subscribe(self._receive)
        except ValueError as error:
            stream.reject(str(error))

    def diagnose(self) -> Sequence[DiagnosticStatus]:
        if self.stage != "active":
            return []
        return [stream.diagnose(self._queue.counts(stream.name)) for stream in self._streams.values()]

    # --- the worker's thread ----------------------------------------------------------------------------------------

    def _work(self, queue: Queue[tuple[int, object]]) -> None:
        while (taken := queue.take()) is not None:
            name, (arrived, message) = taken
            stream = self._streams[name]
            try:
                self._serve(stream, arrived, message, queue)
            except Exception as error:  # noqa: BLE001 - a chunk that cannot be heard must not stop the node
                kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
                queue.count(name, rejected=1)
                stream.reject(f"{kind}{error}")
            else:
                queue.count(name, processed=not isinstance(message, Aside))

    def _serve(self, stream: SampleStream, arrived: int, message: object, queue: Queue[tuple[int, object]]) -> None:
        if isinstance(message, Aside):
            self._publish(stream, message.work(stream.memory), queue)
            return
        for samples, stamp in stream.hear(arrived, message):
            self._publish(stream, self.hear(stream.name, samples, stamp, stream.memory), queue)

    def _publish(
        self, stream: SampleStream, results: Iterable[tuple[int, Any]], queue: Queue[tuple[int, object]]
    ) -> None:
        started = time.perf_counter()
        for end, result in results:
            if queue.closed:  # the node has stopped meanwhile, and nobody waits for this
                return
            now = time.perf_counter()
            stream.publish(end, result, now - started)
            started = now
