"""Perceivers that keep a state for each track: of a person, of a face, or of a whole stream.

A network owns the states, by key; the memory of a stream owns whatever else is known of its tracks. `TrackFollower`
keeps the two together: they are forgotten, written and taken over as one.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from opendr_perception.tasks.imaging import Rhythm
from opendr_perception.tasks.memories import NotAValue, new_serial
from opendr_perception.tasks.perceiver import InputT, Perceiver, ResultT, SettingsT

Key = tuple[int, str]
"""A track on a stream: the serial number of the stream's memory, and the track."""


class TrackStates(Protocol):
    """Owner of a state for each key, such as an `engine.stateful.StateBank`."""

    def release(self, key: Hashable) -> None:
        """Forget a key; nothing happens if it is not known."""

    def snapshot(self, key: Hashable) -> object:
        """A copy of the state of a key."""

    def restore(self, key: Hashable, state: object) -> None:
        """Give a key the state of a snapshot. ValueError: it is of another kind."""


@dataclass
class TrackMemory(ABC):
    """Memory of one stream, to which capabilities add what they know of its tracks."""

    serial: int = field(default_factory=new_serial)
    stamp: float = -math.inf
    """Newest stamp of an image, seconds."""
    rhythm: Rhythm = field(default_factory=Rhythm)

    @property
    @abstractmethod
    def tracks(self) -> Collection[str]:
        """Those of whom something is known."""

    @abstractmethod
    def drop(self, track: str) -> None:
        """Forget a track."""

    def advances(self, stamp: float) -> bool:
        """Take the stamp of the next image: True if it is later than all before."""
        later = stamp > self.stamp
        if later and math.isfinite(self.stamp):
            self.rhythm.note(stamp - self.stamp)
        self.stamp = max(stamp, self.stamp)
        return later


TrackMemoryT = TypeVar("TrackMemoryT", bound=TrackMemory)


class TrackFollower(Generic[TrackMemoryT]):
    """Base of what follows tracks on any number of streams.

    Args:
        states: of the network.
    """

    def __init__(self, states: TrackStates) -> None:
        self._states = states

    def forget(self, memory: TrackMemoryT) -> None:
        """Free what is kept of a stream."""
        for track in list(memory.tracks):
            self.forget_track(memory, track)

    def forget_track(self, memory: TrackMemoryT, track: str) -> None:
        """Free what is kept of a track."""
        memory.drop(track)
        self._states.release((memory.serial, track))

    def states(self, memory: TrackMemoryT) -> dict[str, object]:
        """Copies of the network's state of each track of a stream."""
        return {track: self._states.snapshot((memory.serial, track)) for track in memory.tracks}

    def go_on(self, memory: TrackMemoryT, states: Mapping[str, object]) -> None:
        """Take a stream over with such states.

        Raises:
            ValueError: they are of another network.
        """
        for track in memory.tracks:
            self._states.restore((memory.serial, track), states[track])


class TrackPerceiver(Perceiver[SettingsT, InputT, TrackMemoryT, ResultT]):
    """Perceiver whose memories belong to a follower of tracks."""

    recogniser: TrackFollower[TrackMemoryT]

    def release(self, memory: TrackMemoryT) -> None:
        self.recogniser.forget(memory)

    def parts(self, memory: TrackMemoryT) -> object:
        return memory, self.recogniser.states(memory)

    def whole(self, parts: object) -> TrackMemoryT:
        match parts:
            case (memory, dict(states)):
                found = super().whole(memory)
                self.recogniser.go_on(found, states)
                return found
        raise NotAValue("it is a memory of another perceiver")
