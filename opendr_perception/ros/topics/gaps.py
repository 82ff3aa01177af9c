"""Is the next message the continuation of the last one? Temporal models and trackers must not bridge a gap.

Gaps are judged by the stamps of all messages that arrive, also of those that are dropped or cannot be used: a node that
is slower than its camera misses no time. Where stamps say nothing, the time of arrival is taken instead.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

from opendr_perception.tasks.imaging import Rhythm
from opendr_perception.tasks.memories import Kinds

NOTED = 1024
"""Arrivals that are remembered between two messages that are served: half a minute of a usual camera."""

LEARNT = 3
"""Intervals that must be known before a camera is called slow."""

LATE_IN_A_ROW = 3
"""Messages in a row that are older than the newest one and are called late; with the next one time has gone back."""

STANDING = 3
"""Messages in a row that repeat a stamp, and are taken for one image that is sent again; with the next one the clock
that stamps is taken to stand still."""


@dataclass(frozen=True)
class Arrival:
    """A message that has come.

    Args:
        stamp: of its header, nanoseconds.
        at: steady time of its arrival, nanoseconds.
    """

    stamp: int
    at: int


@dataclass(frozen=True)
class StreamStep:
    """Relation of the next message to its stream.

    Args:
        time: seconds, for trackers and temporal models; like the stamps, or the time of arrival where they say nothing.
        restart: why the stream must restart; '' when it goes on.
        late: whether it is older than one that was served already, so that it must not be served.
        repeated: whether it has the stamp of the last one.
        standing: whether its stamp says nothing, because it is 0 or stands still, so that `time` is that of arrival.
    """

    time: float
    restart: str = ""
    late: bool = False
    repeated: bool = False
    standing: bool = False


class GapDetector:
    """Watches one stream. One thread tells of arrivals, another one asks about those that are served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrivals: deque[Arrival] = deque(maxlen=NOTED)
        self._newest: Arrival | None = None
        self._rhythm = Rhythm()
        self._last: Arrival | None = None
        self._base: Arrival | None = None  # where a stamp began to stand still
        self._repeats = 0
        self._late = 0

    @property
    def interval(self) -> float:
        """The usual interval between arrivals in seconds; 0 while it is not known."""
        with self._lock:
            return self._rhythm.interval(LEARNT)

    def arrive(self, stamp: int, at: int) -> Arrival:
        """A message has come, stamped and at a steady time of so many nanoseconds."""
        arrival = Arrival(stamp, at)
        with self._lock:
            self._arrivals.append(arrival)
            if self._newest is not None:
                advance = stamp - self._newest.stamp
                self._rhythm.note((advance if advance > 0 else at - self._newest.at) * 1e-9)
            self._newest = arrival
        return arrival

    def follow(self, arrival: Arrival, max_gap: float) -> StreamStep:
        """Judge a message that can be served.

        Args:
            arrival: what `arrive` returned for it.
            max_gap: longest pause that the stream survives, seconds; a slow camera is given more.
        """
        with self._lock:
            limit = round(self._rhythm.patience(max_gap, LEARNT) * 1e9)
            between = list(self._arrivals)
        last = self._last
        if last is None:
            return self._go(arrival)
        if arrival.stamp == last.stamp:
            return self._repeat(arrival, last, between, limit)
        if self._base is not None:  # what stood still goes on: from where it would be by now, or from anywhere
            last = Arrival(self._time(last), last.at)
        back = last.stamp - arrival.stamp
        if 0 < back <= limit and self._late < LATE_IN_A_ROW:
            self._late += 1
            return StreamStep(arrival.stamp * 1e-9, late=True)
        self._base, self._repeats = None, 0
        if back > 0:
            return self._go(arrival, f"time went back by {back * 1e-9:.3f} s")
        since = last if len(between) < NOTED else between[0]  # what came before it is not known any more
        gap = _longest_gap([each.stamp for each in between], since.stamp, arrival.stamp)
        if gap <= limit:
            return self._go(arrival)
        quiet = _longest_gap([each.at for each in between], since.at, arrival.at)
        what = "nothing came for" if quiet > gap // 2 else "stamps leapt by"
        return self._go(arrival, f"{what} {gap * 1e-9:.3f} s")

    def _repeat(self, arrival: Arrival, last: Arrival, between: list[Arrival], limit: int) -> StreamStep:
        """The same stamp again: the same image, or a clock that stands still, so that the time of arrival is taken."""
        self._repeats += 1
        if self._base is None and self._repeats > STANDING:
            self._base = last
        if self._base is None:
            return self._go(arrival)
        gap = _longest_gap([each.at for each in between], last.at, arrival.at)
        return self._go(arrival, f"nothing came for {gap * 1e-9:.3f} s" if gap > limit else "")

    def _go(self, arrival: Arrival, restart: str = "") -> StreamStep:
        if arrival.stamp == 0 and self._base is None:
            self._base = Arrival(arrival.at, arrival.at)
        self._last, self._late = arrival, 0
        with self._lock:
            while self._arrivals and self._arrivals[0].at <= arrival.at:
                self._arrivals.popleft()
        return StreamStep(
            self._time(arrival) * 1e-9, restart, repeated=self._repeats > 0, standing=self._base is not None
        )

    def _time(self, arrival: Arrival) -> int:
        base = self._base
        return arrival.stamp if base is None else base.stamp + arrival.at - base.at


GAP_KINDS: Kinds = {GapDetector: {"_lock": threading.Lock}, Arrival: {}}
"""Classes that a detector is made of, for `tasks.memories`."""


def _longest_gap(times: list[int], begin: int, end: int) -> int:
    """The longest time between two arrivals, in nanoseconds; what lies outside was stamped by chance."""
    known = sorted({begin, end, *(time for time in times if begin < time < end)})
    return max((later - earlier for earlier, later in pairwise(known)), default=0)
