"""Base of all perception nodes: streams in, one worker, typed results out with the header of their input.

The way of a frame: subscription (serialised bytes) -> newest-message slot of its stream -> worker thread -> perceiver
-> result topic. The executor never runs inference, and the worker never waits for anything but messages.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus

from opendr_perception.ros.node import ManagedNode, NodeParameters, parameter
from opendr_perception.ros.outputs import Extra
from opendr_perception.ros.perception.frame import StreamFrame
from opendr_perception.ros.topics import (
    Arrival,
    Input,
    LatestSlot,
    Stream,
    image_input,
    reliability_parameter,
    transport_parameter,
    with_images,
)
from opendr_perception.ros.topics.names import check_streams
from opendr_perception.tasks.perceiver import (
    InputT,
    MemoryT,
    Moment,
    Perceiver,
    PerceiverSettings,
    ResultT,
    SettingsT,
)

PATIENCE = 2.0
"""Seconds that a run of the model, which cannot be interrupted, has to end when the node stops."""


@dataclass(frozen=True)
class PerceptionParameters(PerceiverSettings, NodeParameters):
    """Parameters of every perception node."""

    streams: tuple[str, ...] = parameter(
        ("",),
        "Names of the cameras that this node serves with one model. 'front' makes it subscribe front/image_raw and "
        "publish below front/; the empty name is the plain topic.",
        read_only=True,
    )
    image_transport: str = transport_parameter()
    qos_reliability: str = reliability_parameter()


class PerceptionNode(ManagedNode, Generic[SettingsT, InputT, MemoryT, ResultT]):
    """Base of the nodes that turn the newest input of each stream into one result message, by a perceiver."""

    Parameters: ClassVar[type[NodeParameters]] = PerceptionParameters
    RESULT: ClassVar[tuple[type, str]]
    """Type and topic of the result."""
    OUTPUTS: ClassVar[tuple[Extra, ...]] = ()
    """The result in messages of other stacks, as `ros.outputs.drawn_by` makes them."""
    INPUT: ClassVar[Input | None] = None
    """Input of each stream; None for camera images."""
    WITH_IMAGES: ClassVar[bool] = False
    """True if INPUT comes with the camera images of the same stamps, as `ros.topics.inputs.ImageWithResult`."""
    INPUT_IF: ClassVar[tuple[str, object] | None] = None
    """The parameter, and its value, with which INPUT is taken; with others, camera images alone. None: always."""

    def __init__(self, **options: object) -> None:
        self.perceiver: Perceiver[SettingsT, InputT, MemoryT, ResultT] | None = None
        self._streams: dict[str, Stream] = {}
        self._latest: LatestSlot[tuple[Arrival, Any]] = LatestSlot(())
        self._worker: threading.Thread | None = None
        super().__init__(**options)

    # --- what a node implements -------------------------------------------------------------------------------------

    def build(self) -> Perceiver[SettingsT, InputT, MemoryT, ResultT]:
        """Build the perceiver. What it raises keeps the node from starting."""
        raise NotImplementedError

    def read(self, data: Any, stream: str) -> InputT:
        """Convert what `INPUT` makes of a message into the perceiver's input; ValueError if it is unusable."""
        seen: InputT = data
        return seen

    def message(self, frame: StreamFrame[InputT, MemoryT], result: ResultT) -> object:
        """The message of a result; the base sets the header."""
        return result

    def draw(self, canvas: np.ndarray, seen: InputT, result: ResultT) -> None:
        """Draw what was found in an input into a (H, W, 3) uint8 BGR image, for `~/image`."""

    def published(self, frame: StreamFrame[InputT, MemoryT], result: ResultT) -> None:
        """The message of a result is published: tell what goes with it."""

    def outside(self, frame: StreamFrame[InputT, MemoryT], message: Any) -> object:
        """Source of OUTPUTS: the message of a result, or more."""
        return message

    # --- what the perceiver does ------------------------------------------------------------------------------------

    def load(self) -> None:
        self.perceiver = self.build()

    def unload(self) -> None:
        self.perceiver = None

    def check_parameters(self, params: Any) -> None:
        if self.perceiver is not None:
            self.perceiver.check(params)

    def parameters_changed(self) -> None:
        if self.perceiver is not None:
            self.perceiver.apply(self.params)

    def new_memory(self) -> MemoryT:
        assert self.perceiver is not None
        return self.perceiver.new_memory()

    def release_memory(self, memory: MemoryT) -> None:
        if self.perceiver is not None:
            self.perceiver.release(memory)

    def process(self, frames: Sequence[StreamFrame[InputT, MemoryT]]) -> Iterable[ResultT]:
        """Turn frames, at most one of each stream, into one result each, as `Perceiver.batch` promises.

        When it raises, each frame is tried again alone: it must not have changed a memory by then.
        """
        assert self.perceiver is not None
        return self.perceiver.batch([Moment(frame.seen, frame.memory, frame.time) for frame in frames])

    def caution(self, text: str) -> None:
        """Warn of what the perceiver says."""
        self.warn(text, text)

    # --- lifecycle --------------------------------------------------------------------------------------------------

    def configure(self) -> None:
        names = check_streams(self.params.streams)
        self.load()
        self.until_cleanup.callback(self.unload)
        self._input = self._source(image_input(self.params.image_transport))
        self.until_cleanup.callback(self._streams.clear)
        for name in names:
            self._streams[name] = stream = Stream(self, name, self._input, self.RESULT, self._renew, self.OUTPUTS)
            self.until_cleanup.callback(stream.close)

    def _source(self, images: Input) -> Input:
        if self.INPUT is None or (self.INPUT_IF and getattr(self.params, self.INPUT_IF[0]) != self.INPUT_IF[1]):
            return images
        return with_images(self.INPUT, images) if self.WITH_IMAGES else self.INPUT

    def activate(self) -> None:
        if self._worker is not None and self._worker.is_alive():
            raise RuntimeError("the last run of the model has not come to its end: restart the process")
        self._latest = LatestSlot(tuple(self._streams))
        self._worker = threading.Thread(
            target=self._work, args=(self._latest,), name=f"{self.get_name()} worker", daemon=True
        )
        self._worker.start()
        self.until_deactivate.callback(self._end, self._latest, self._worker)
        for stream in self._streams.values():
            self.until_deactivate.callback(stream.unsubscribe)
            stream.restart()
            stream.subscribe(self._receive, self._miss, self._reject)

    def _end(self, latest: LatestSlot[tuple[Arrival, Any]], worker: threading.Thread) -> None:
        latest.close()
        worker.join(PATIENCE)
        if worker.is_alive():
            raise TimeoutError(f"the model has not answered for {PATIENCE:g} s; its answer will not be heard")

    # --- the executor's thread --------------------------------------------------------------------------------------

    def _receive(self, stream: Stream, arrival: Arrival, message: object) -> None:
        self._latest.put(stream.name, (arrival, message))

    def _miss(self, stream: Stream) -> None:
        self._latest.count(stream.name, dropped=1)

    def tick(self) -> None:
        if self.stage == "active":
            for stream in self._streams.values():
                stream.publish_statistics(self._latest.counts(stream.name))
        super().tick()

    def diagnose(self) -> Sequence[DiagnosticStatus]:
        return [stream.diagnose() for stream in self._streams.values()] if self.stage == "active" else []

    # --- the worker's thread ----------------------------------------------------------------------------------------

    def _work(self, latest: LatestSlot[tuple[Arrival, Any]]) -> None:
        while (messages := latest.take()) is not None:
            try:
                opened = [self._open(self._streams[name], message) for name, message in messages.items()]
                frames = [frame for frame in opened if frame is not None]
                for frame, result, seconds in self._answers(frames):
                    if latest.closed:  # the node has stopped meanwhile, and nobody waits for this
                        return
                    self._publish(frame, result, seconds)
            except Exception as error:  # noqa: BLE001 - whatever it is, the worker has to live
                if not latest.closed:
                    self.note_failure("the worker failed", error)

    def _open(self, stream: Stream, arrived: tuple[Arrival, object]) -> StreamFrame[InputT, MemoryT] | None:
        arrival, message = arrived
        try:
            header, data = self._input.open(message)
            stream.doubt(getattr(data, "note", ""))  # results of other nodes have none
            seen = self.read(data, stream.name)
        except ValueError as error:
            self._reject(stream, str(error))
            return None
        except Exception as error:  # noqa: BLE001 - what cannot be read costs the other streams nothing
            self._reject(stream, f"{type(error).__name__}: {error}")
            return None
        seconds = stream.follow(header, arrival)
        if seconds is None:
            self._miss(stream)
            return None
        return StreamFrame(stream.name, header, data, seen, seconds, stream.memory)

    def _answers(
        self, frames: Sequence[StreamFrame[InputT, MemoryT]]
    ) -> Iterator[tuple[StreamFrame[InputT, MemoryT], ResultT, float]]:
        """Process frames together; if that fails, one by one, so that a bad one costs the other streams nothing.

        Gives each frame that has a result with it, and its share of the time, s.
        """
        if not frames:
            return
        started = time.perf_counter()
        try:
            results = iter(self.process(frames))
        except Exception as error:  # noqa: BLE001 - a frame that the model cannot take must not stop the node
            if len(frames) == 1:
                self._reject(self._streams[frames[0].stream], f"{type(error).__name__}: {error}")
            for frame in frames if len(frames) > 1 else ():
                yield from self._answers([frame])
            return
        share = (time.perf_counter() - started) / len(frames)
        for frame in frames:
            started = time.perf_counter()
            try:
                result = next(results)
            except StopIteration:
                self._reject(self._streams[frame.stream], "the model gave no answer")
                continue
            except Exception as error:  # noqa: BLE001 - as above
                self._reject(self._streams[frame.stream], f"{type(error).__name__}: {error}")
                continue
            yield frame, result, share + time.perf_counter() - started

    def _publish(self, frame: StreamFrame[InputT, MemoryT], result: ResultT, inference: float) -> None:
        stream = self._streams[frame.stream]
        try:
            message = self.message(frame, result)
            stream.publish(frame.header, message, inference)
            self.published(frame, result)
        except Exception as error:  # noqa: BLE001 - the worker must outlive what goes wrong with one result
            self._reject(stream, f"cannot publish: {error}")
            return
        self._latest.count(stream.name, processed=1)
        try:
            stream.outputs.publish(self.outside(frame, message))
            if stream.watched():
                canvas = self._input.canvas(frame.data)
                self.draw(canvas, frame.seen, result)
                stream.publish_drawing(frame.header, canvas)
        except Exception as error:  # noqa: BLE001 - as above
            self.warn(f"cannot draw: {error}", "drawing")

    def _renew(self, memory: MemoryT | None) -> MemoryT:
        if memory is not None:
            self.release_memory(memory)
        return self.new_memory()

    def _reject(self, stream: Stream, problem: str) -> None:
        self._latest.count(stream.name, rejected=1)
        stream.reject(problem)
