"""Followers of tracks: what is forgotten, and what memories they refuse."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field

import pytest

from opendr_perception.tasks.tracks import TrackFollower, TrackMemory


@dataclass
class Names(TrackMemory):
    """Tracks without more."""

    known: set[str] = field(default_factory=set)

    @property
    def tracks(self) -> Collection[str]:
        return self.known

    def drop(self, track: str) -> None:
        self.known.remove(track)


class Numbers:
    """A number for each key."""

    def __init__(self) -> None:
        self.kept: dict[Hashable, object] = {}

    def release(self, key: Hashable) -> None:
        self.kept.pop(key, None)

    def snapshot(self, key: Hashable) -> object:
        return self.kept[key]

    def restore(self, key: Hashable, state: object) -> None:
        if not isinstance(state, int):
            raise ValueError("no number")
        self.kept[key] = state


def test_tracks_and_their_states_are_forgotten_and_taken_over_together() -> None:
    numbers = Numbers()
    follower: TrackFollower[Names] = TrackFollower(numbers)
    one, other = Names(known={"a", "b"}), Names(known={"a", "b"})
    assert one.serial != other.serial
    numbers.kept = {(one.serial, "a"): 1, (one.serial, "b"): 2}
    states = follower.states(one)
    follower.go_on(other, states)
    follower.forget_track(one, "a")
    assert one.known == {"b"}
    assert numbers.kept == {(one.serial, "b"): 2, (other.serial, "a"): 1, (other.serial, "b"): 2}
    follower.forget(other)
    assert numbers.kept == {(one.serial, "b"): 2}
    with pytest.raises(ValueError, match="no number"):
        follower.go_on(one, {"b": "x"})


def test_only_later_stamps_advance_a_stream() -> None:
    memory = Names()
    assert [memory.advances(stamp) for stamp in (1.0, 1.0, 0.5, 1.2, 1.1, 1.4)] == [
        True,
        False,
        False,
        True,
        False,
        True,
    ]
    assert memory.stamp == 1.4
    assert memory.rhythm.interval() == pytest.approx(0.2)
