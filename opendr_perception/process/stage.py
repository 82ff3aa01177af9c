"""One node of one stream, without a node: a perceiver, its memory, and what becomes of each frame."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from opendr_perception.process.request import Request
from opendr_perception.ros.perception.capability import CAPABILITIES, Capability
from opendr_perception.ros.topics import GAP_KINDS, GapDetector, ImageWithResult
from opendr_perception.tasks.imaging import Image, PinholeCamera
from opendr_perception.tasks.memories import Form, NotAValue, Value
from opendr_perception.tasks.people import SIGNS, new_ids
from opendr_perception.tasks.perceiver import Moment, Perceiver, TwoSteps, Warn
from opendr_perception.zoo import Sessions

GAPS = Form(GAP_KINDS)
PREFIX = 6
"""Letters of the ids of a stream: of a thousand streams with persons, poses and faces the chance that two share a
prefix is below 1 %."""


@dataclass(frozen=True)
class Occasion:
    """The time in ns and the coordinate frame of results."""

    stamp: int
    frame_id: str

    def header(self) -> Header:
        """The header of all of these results."""
        return Header(stamp=Time(sec=self.stamp // 10**9, nanosec=self.stamp % 10**9), frame_id=self.frame_id)


@dataclass(frozen=True)
class View(Occasion):
    """A frame as stages take it."""

    image: Image
    camera: PinholeCamera | None


class Late(ValueError):
    """The frame is older than one that was answered already, so that a node leaves it out too."""


class Stage:
    """A perceiver that is driven frame by frame, as the node of its name drives it.

    Args:
        name: of the node.
        request: what is wanted.
        seed: what the ids of its tracks follow from.
        sessions: open models.
        warn: is told what a user should know.
    """

    def __init__(self, name: str, request: Request, seed: str, sessions: Sessions, warn: Warn) -> None:
        self.name = name
        self.capability: Capability[Any, Any] = CAPABILITIES[name]
        self.topic = self.capability.result[1]
        settings = request.settings(name)
        ids = {"ids": new_ids(prefix(f"{seed} {name}"))} if self.capability.tracks else {}
        self.perceiver: Perceiver[Any, Any, Any, Any] = self.capability.build(
            settings, sessions=sessions, warn=warn, **ids
        )
        self._max_gap = settings.max_gap
        self._memory = self.perceiver.new_memory()
        self._gap_detector = GapDetector()
        self.source = self.capability.source_of(settings)
        apart = isinstance(self.perceiver, TwoSteps) and self.perceiver.steps_apart
        self.look = self._look if apart and not self.source else None

    PARTS = ("memory", "gaps")
    """Of a snapshot."""

    def restart(self) -> None:
        """Begin the stream anew."""
        self._memory = self.perceiver.new_memory()
        self._gap_detector = GapDetector()

    def snapshot(self) -> dict[str, Value]:
        """All that is known of the stream, as values; the stream goes on."""
        return {"memory": self.perceiver.snapshot(self._memory), "gaps": GAPS.write(self._gap_detector)}

    def restore(self, values: Mapping[str, Value]) -> None:
        """Go on with the stream of a snapshot.

        Raises:
            NotAValue: it is damaged, or of another perceiver.
        """
        memory, gaps = self.perceiver.restore(values["memory"]), GAPS.read(values["gaps"])
        if not isinstance(gaps, GapDetector):
            raise NotAValue("there is no detector of gaps")
        self._memory, self._gap_detector = memory, gaps

    look: Callable[[View], Any] | None
    """The step that can be done for a frame at any time, in any thread; None for a stage that needs frames in order."""

    def _look(self, view: View) -> Any:
        assert isinstance(self.perceiver, TwoSteps)
        [seen] = self.perceiver.look([self.capability.read(view.image, view.camera)])
        return seen

    def answer(self, view: View, results: dict[str, Any], look: Callable[[], Any] | None) -> Any:
        """The message of the next frame.

        Args:
            view: the frame.
            results: of this frame, by topic, so far.
            look: gives what `look` has seen.

        Raises:
            Late: the frame is not to be answered.
            Exception: the perceiver cannot take the frame; whatever it is, the next one can be asked for.
        """
        taken = self._input(view, results)
        arrival = self._gap_detector.arrive(view.stamp, view.stamp)
        step = self._gap_detector.follow(arrival, self._max_gap)
        if step.late:
            raise Late("it is older than the frame before")
        if step.restart:
            self.perceiver.release(self._memory)
            self._memory = self.perceiver.new_memory()
        moment = Moment(taken, self._memory, step.time)
        if look is not None:
            assert isinstance(self.perceiver, TwoSteps)
            result = self.perceiver.answer(moment, look())
        else:
            [result] = self.perceiver.batch([moment])
        message = self.capability.message(taken, result)
        message.header = view.header()
        return received(message)

    def _input(self, view: View, results: dict[str, Any]) -> Any:
        capability = self.capability
        if not self.source:
            return capability.read(view.image, view.camera)
        message = results[self.source]
        return capability.read(ImageWithResult(view.image, message) if capability.with_images else message, view.camera)


def received(message: Any) -> Any:
    """A message as whoever subscribes gets it, with numbers as long as its fields are."""
    return deserialize_message(serialize_message(message), type(message))


def prefix(seed: str) -> str:
    """Letters for the ids of tracks, as `new_ids` takes them: the same for the same seed."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], "big")
    letters = SIGNS[number % 24]
    number //= 24
    for _ in range(PREFIX - 1):
        letters += SIGNS[number % len(SIGNS)]
        number //= len(SIGNS)
    return letters
