"""Is the next message the continuation of the last one? Temporal models and trackers must not bridge a gap."""

from __future__ import annotations


class Continuity:
    """Watches the stamps of one stream."""

    def __init__(self) -> None:
        self._last: int | None = None

    def check(self, stamp: int, max_gap: float) -> str | None:
        """Say why the stream must start anew, or None when it goes on.

        Args:
            stamp: of the next message, nanoseconds.
            max_gap: longest pause that the stream survives, seconds.
        """
        last, self._last = self._last, stamp
        if last is None:
            return None
        if stamp < last:
            return f"time went back by {(last - stamp) * 1e-9:.3f} s"
        if stamp - last > max_gap * 1e9:
            return f"nothing came for {(stamp - last) * 1e-9:.3f} s"
        return None
