"""Faults of one stream, in words: asked once a second, and well again as soon as good messages come."""

from __future__ import annotations

import time
from collections import deque

from diagnostic_msgs.msg import DiagnosticStatus

from opendr_perception.ros.topics.gaps import StreamStep
from opendr_perception.ros.topics.latest import Counts
from opendr_perception.tasks.imaging import Rhythm

RECURS = 3
"""So often within `WITHIN` seconds is more than a chance."""
WITHIN = 30.0


class Recurring:
    """Counts something that is harmless when it happens now and then."""

    def __init__(self) -> None:
        self.count = 0
        self._newest: deque[float] = deque(maxlen=RECURS)

    def note(self) -> None:
        """It has happened."""
        self.count += 1
        self._newest.append(time.monotonic())

    @property
    def recurs(self) -> bool:
        """True if it has happened again and again lately."""
        return len(self._newest) == RECURS and time.monotonic() - self._newest[0] < WITHIN


class Health:
    """Takes note of what happens to the messages of one stream."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.last_problem = ""
        self.unstamped = 0
        self.repeated = 0
        self.late = Recurring()
        self.restarts = Recurring()
        self._served = Rhythm()
        self._last: StreamStep | None = None
        self._stamp = 0
        self._rejected = 0
        self._judged = 0
        self._reason = ""

    def note(self, stamp: int, step: StreamStep) -> None:
        """A message with a stamp of so many nanoseconds is to be served, or is late."""
        self.unstamped += stamp == 0
        self.repeated += step.repeated and stamp != 0
        if step.late:
            self.late.note()
            return
        if step.restart:
            self.restarts.note()
            self._reason = step.restart
        elif self._last is not None:
            self._served.note(step.time - self._last.time)
        self._last, self._stamp = step, stamp

    def judge(self, counts: Counts) -> None:
        """Take note of the counts of now; a period in which nothing came changes no judgement."""
        processed = counts.processed - self.counts.processed
        rejected = counts.rejected - self.counts.rejected
        self.counts = counts
        if processed or rejected:
            self._rejected, self._judged = rejected, processed + rejected

    def rejections(self) -> tuple[bytes, str]:
        """Level of diagnostics of messages that cannot be used, and the reason."""
        if not self._rejected:
            return DiagnosticStatus.OK, ""
        if self._rejected == self._judged:
            return DiagnosticStatus.ERROR, f"no message can be used: {self.last_problem}"
        return DiagnosticStatus.WARN, f"{self._rejected} of {self._judged} cannot be used: {self.last_problem}"

    def irregularities(self, interval: float, max_gap: float) -> str:
        """Fault of the times of messages; '' for nothing.

        Args:
            interval: between messages that arrive, seconds; 0 while it is not known.
            max_gap: the parameter.
        """
        found = self._clock(), self._order(), _pace(interval, self._served.interval(RECURS), max_gap)
        return "; ".join(filter(None, found))

    def _clock(self) -> str:
        if self._last is None or not self._last.standing:
            return ""
        what = "the publisher sets no stamps" if self._stamp == 0 else "the publisher's stamps stand still"
        return f"{what}: the time of arrival is taken, and latency cannot be told"

    def _order(self) -> str:
        if self.restarts.recurs:
            return f"the stream restarts again and again: {self._reason}"
        return "messages come late again and again, and are left out" if self.late.recurs else ""


def _pace(interval: float, served: float, max_gap: float) -> str:
    if interval > max_gap:
        return f"a message comes every {interval:.1f} s only, but max_gap is {max_gap:g} s: raise max_gap"
    if served > max_gap:
        return f"a result comes every {served:.1f} s only, but max_gap is {max_gap:g} s: the model is too slow here"
    return ""
