"""Perceivers, into which every capability is built from the name of a model.

    people = people.build(people.Settings(score_threshold=0.5))
    found = people(image)                                      # one image, nothing is remembered

    memory = people.new_memory()                               # a stream: one memory for each camera
    for frame in film:
        found = people(frame.image, memory, frame.stamp * 1e-9)

Nodes, programs, examples and tests all use this and nothing else. Who needs several streams at once calls `batch`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from opendr_perception import settings
from opendr_perception.engine.session import Session
from opendr_perception.settings import parameter
from opendr_perception.tasks.imaging import Image, Pixels
from opendr_perception.tasks.memories import Form, Kinds, NotAValue, Value
from opendr_perception.zoo import Sessions

Warn = Callable[[str], None]
"""Is told what a user should know although everything goes on."""


@dataclass(frozen=True)
class PerceiverSettings:
    """Parameters of every perceiver."""

    device: str = parameter(
        "cpu",
        "Device of the model. cuda and tensorrt need onnxruntime-gpu; without it nothing starts, and an error says so.",
        choices=("cpu", "cuda", "tensorrt"),
        read_only=True,
    )
    threads: int = parameter(
        0,
        "Threads of the model on the CPU; 0 takes one for each core, which the nodes of one process share. Fewer leave "
        "room for the rest of the robot.",
        minimum=0,
        maximum=256,
        read_only=True,
    )
    max_gap: float = parameter(
        1.0,
        "Seconds without an image after which a stream restarts: tracks and temporal models are reset. A "
        "camera whose images come so rarely is given three times its usual interval.",
        minimum=0.0,
    )

    def open(self, model: str, sessions: Sessions, warn: Warn | None = None) -> Session:
        """A model, by its name, on the device of these settings.

        Args:
            model: its name, or a file.
            sessions: open models by name.
            warn: is told where its terms allow research only.
        """
        session = sessions(model, device=self.device, threads=self.threads)
        if warn is not None:
            tell_terms(model, session, warn)
        return session


def tell_terms(model: str, session: Session, warn: Warn) -> None:
    """Warn where the terms of a model, which was opened by this name, allow research only."""
    if session.metadata.get("terms") == "research":
        warn(f"model '{model}' was made from data that may be used for research only; its card says more")


SettingsT = TypeVar("SettingsT", bound=PerceiverSettings)
InputT = TypeVar("InputT")
MemoryT = TypeVar("MemoryT")
ResultT = TypeVar("ResultT")
SeenT = TypeVar("SeenT")


@dataclass(frozen=True)
class Moment(Generic[InputT, MemoryT]):
    """One input of one stream.

    Args:
        input: such as an image.
        memory: of the stream, from `new_memory`.
        stamp: seconds; 0 where nothing says when it was.
    """

    input: InputT
    memory: MemoryT
    stamp: float = 0.0


class Perceiver(ABC, Generic[SettingsT, InputT, MemoryT, ResultT]):
    """Turns the inputs of any number of streams into results. What is known of a stream is in its memory, not here.

    Args:
        settings: to begin with.

    Raises:
        ValueError: a setting has a value that is not allowed, or that cannot work.
        ZooError, EngineError: a model cannot be had or loaded.
    """

    def __init__(self, settings: SettingsT) -> None:
        self.settings = settings
        self._wanted = settings

    def __call__(self, seen: InputT, memory: MemoryT | None = None, stamp: float = 0.0) -> ResultT:
        """Perceive one input; without a memory, by itself."""
        kept = self.new_memory() if memory is None else memory
        try:
            [result] = self.batch([Moment(seen, kept, stamp)])
        finally:
            if memory is None:
                self.release(kept)
        return result

    def batch(self, moments: Sequence[Moment[InputT, MemoryT]]) -> Iterator[ResultT]:
        """Perceive the next inputs of several streams together, at most one of each.

        The networks have run when this returns, and no memory has changed if it raises; the memory of each stream is
        updated once, when its result is taken.
        """
        wanted = self._wanted
        if wanted is not self.settings:
            self.settings = wanted
            self.adopt(wanted)
        return iter(self.perceive(moments))

    def apply(self, settings: SettingsT) -> None:
        """Take other settings, from the next batch on; from any thread.

        Raises:
            ValueError: a value is not allowed or cannot work, or is of a setting that cannot change; nothing changes.
        """
        self.check(settings)
        self._wanted = settings

    def check(self, wanted: SettingsT) -> None:
        """Check settings without taking them.

        Raises:
            ValueError: as `apply`.
        """
        settings.check(wanted)
        settings.check_kept(self._wanted, wanted, "is fixed when a perceiver is built: build another one")

    # --- what a capability implements -------------------------------------------------------------------------------

    @abstractmethod
    def perceive(self, moments: Sequence[Moment[InputT, MemoryT]]) -> Iterable[ResultT]:
        """Run the networks on all inputs, and give the results, as `batch` promises: `map(self._answer, ...)`."""

    @abstractmethod
    def new_memory(self) -> MemoryT:
        """Make the memory of a stream, which is kept from input to input: a tracker, a temporal state."""

    def release(self, memory: MemoryT) -> None:
        """Free what is kept for a memory that is not used any more."""

    def adopt(self, settings: SettingsT) -> None:
        """Perceive as checked settings want it, from now on."""

    # --- memories as values -----------------------------------------------------------------------------------------

    def kinds(self) -> Kinds:
        """Classes that a memory is made of."""
        return {}

    def snapshot(self, memory: MemoryT) -> Value:
        """All that is known of a stream, as a value; the stream goes on.

        Raises:
            NotAValue: this perceiver has memories that cannot be written.
        """
        return Form(self.kinds()).write(self.parts(memory))

    def restore(self, value: Value) -> MemoryT:
        """The memory of a snapshot: the stream goes on as if nothing had been between, also in another process.

        Args:
            value: of a perceiver with the same settings and models.

        Raises:
            NotAValue: it is damaged, or was made by another kind of perceiver.
        """
        found = Form(self.kinds()).read(value)
        try:
            return self.whole(found)
        except (TypeError, LookupError, AttributeError, ValueError) as error:
            raise NotAValue(f"a memory cannot be read: {error!r}") from error

    def parts(self, memory: MemoryT) -> object:
        """A memory, with what is kept for it here."""
        return memory

    def whole(self, parts: object) -> MemoryT:
        """The memory of these parts; what is kept for it here is kept again."""
        if not isinstance(parts, type(self.new_memory())):
            raise NotAValue("it is a memory of another perceiver")
        return parts


class TwoSteps(ABC, Generic[InputT, SeenT, MemoryT, ResultT]):
    """Further base of a perceiver whose networks need no memory: it looks, and then it remembers.

    Whoever has many inputs of a stream at hand, as of a recording, looks at several at once and answers in order.
    """

    @property
    def steps_apart(self) -> bool:
        """True if that holds with the present settings; some of them carry what was seen from input to input."""
        return True

    @abstractmethod
    def look(self, inputs: Sequence[InputT]) -> Sequence[SeenT]:
        """Run the networks on inputs of any streams, in any order; several threads may do so at once."""

    @abstractmethod
    def answer(self, moment: Moment[InputT, MemoryT], seen: SeenT) -> ResultT:
        """The result of the next input of a stream, from what was seen in it; the memory goes on."""

    def perceive(self, moments: Sequence[Moment[InputT, MemoryT]]) -> Iterable[ResultT]:
        """As `Perceiver.perceive`."""
        return map(self.answer, moments, self.look([moment.input for moment in moments]))


class ImagePerceiver(Perceiver[SettingsT, Image, MemoryT, ResultT]):
    """A perceiver of images, which takes (H, W, 3) uint8 BGR arrays too."""

    def __call__(self, seen: Image | Pixels, memory: MemoryT | None = None, stamp: float = 0.0) -> ResultT:
        """Perceive one image; without a memory, by itself.

        Args:
            seen: an Image, or (H, W, 3) uint8 BGR as OpenCV reads it.
            memory: of its stream.
            stamp: seconds.
        """
        return super().__call__(as_image(seen), memory, stamp)


def as_image(pixels: Image | Pixels) -> Image:
    """An Image of what may be an array of pixels (H, W, 3) uint8 BGR.

    Raises:
        ValueError: the array is another one.
    """
    return pixels if isinstance(pixels, Image) else Image(pixels, "bgr8")
