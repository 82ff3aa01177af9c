"""One time for several cameras, whose clocks may differ."""

from __future__ import annotations

import math

APART = 2.0
"""Seconds by which clocks may differ before one of them is set."""


class CommonTime:
    """A time that goes on for all cameras, whatever their stamps say.

    A stamp that leaps ahead is believed: it is safer to forget than to take the dead for alive. One that is behind by
    more than APART is of a clock that is behind, of results that are late, or of a recording that begins anew; it is
    set to the common time.
    """

    def __init__(self) -> None:
        self._now = -math.inf
        self._offsets: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def of(self, camera: str, stamp: float) -> tuple[float, str]:
        """The common time of a stamp of a camera, s, and what is wrong with its stamps; '' for nothing."""
        time = stamp + self._offsets.get(camera, 0.0)
        doubt = ""
        if time < self._now - APART:
            goes_on = stamp >= self._last.get(camera, math.inf)
            others = any(name != camera for name in self._last)
            if others and (goes_on or camera not in self._last):
                doubt = (
                    f"the stamps of {camera or 'the camera'} are {round(self._now - time)} s behind those of another "
                    "camera, and are set: synchronise the clocks, or give late nodes less to do"
                )
            self._offsets[camera] = self._now - stamp
            time = self._now
        self._now = max(self._now, time)
        self._last[camera] = stamp
        return time, doubt
