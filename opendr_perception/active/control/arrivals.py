"""Selection of the images that count: those that are new, not late, and of known age."""

from __future__ import annotations

import math
from dataclasses import dataclass

from opendr_perception.active.control.robot_time import JUMP

FOREIGN_CLOCK = 3600.0
"""Seconds. An image that is older, or farther in the future, was stamped by another clock, which tells no age."""
AHEAD = 0.5
"""Seconds by which a stamp may be in the future, as two clocks are not quite the same."""


@dataclass(frozen=True)
class ArrivalCheck:
    """Of one image.

    Args:
        latency: s since it was taken; None when it does not count.
        problem: why it does not count, where somebody should do something.
        restarted: the stamps began again.
    """

    latency: float | None
    problem: str = ""
    restarted: bool = False


class Arrivals:
    """Judges the images of one source by their stamps.

    Args:
        lateness: s by which an image may be later than those before it. A later one shows where the robot was.
        max_age: s that an image may be old, where its stamp and our clock are of the same kind.
    """

    def __init__(self, lateness: float, max_age: float) -> None:
        self._lateness, self._max_age = lateness, max_age
        self._stamp = -math.inf
        self.begin()

    def begin(self) -> None:
        """Forget how late images use to be."""
        self._least_age = math.inf

    def judge(self, stamp: float, age: float) -> ArrivalCheck:
        """Judge an image by its stamp, s, and its age by our clock, s."""
        restarted = stamp < self._stamp - JUMP
        if restarted:
            self.begin()
        elif stamp <= self._stamp:
            return ArrivalCheck(None)
        self._stamp = stamp
        self._least_age = min(self._least_age, age)
        latency, problem = self._age(age)
        if age - self._least_age > self._lateness:
            problem = problem or f"images come {age - self._least_age:.1f} s later than those before them"
        return ArrivalCheck(None if problem else latency, problem, restarted)

    def _age(self, age: float) -> tuple[float, str]:
        if abs(age) >= FOREIGN_CLOCK:
            return age - self._least_age, ""
        if age > self._max_age:
            return age, f"images are {age:.1f} s old when they come, older than max_age, {self._max_age:g} s"
        if age < -AHEAD:
            return 0.0, f"stamps of images are {-age:.1f} s in the future: synchronise the computers' clocks"
        return max(age, 0.0), ""
