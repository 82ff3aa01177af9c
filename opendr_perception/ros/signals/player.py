"""Plays a source of samples in a thread of its own, and tells how that goes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from diagnostic_msgs.msg import DiagnosticStatus

from opendr_perception.ros.node import ManagedNode

PATIENCE = 0.5
"""Seconds that a device has to end; one that hangs must not keep the node from stopping."""


class PlayerSource(Protocol):
    """Recording that is played."""

    path: str
    skipped: int
    problem: str

    def __iter__(self) -> Iterator[object]: ...

    def stop(self) -> None: ...

    def close(self) -> None: ...


Play = Callable[[Any, float, threading.Event], float]
"""Publishes a chunk that is due at a time of the monotonic clock, unless the event is set; gives when the next is."""


class Player:
    """Plays from `start` to `stop`.

    Args:
        node: whose it is.
        opened: opens the source; asked at once, so that what is wrong with it is known before it is played.
    """

    def __init__(self, node: ManagedNode, opened: Callable[[], PlayerSource]) -> None:
        self._node, self._opened = node, opened
        opened().close()
        self._source: PlayerSource | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._published = 0
        self._ended = ""

    def start(self, play: Play) -> None:
        """Open the source and play it from its beginning."""
        self._stop, self._published, self._ended = threading.Event(), 0, ""
        self._source = self._opened()
        self._thread = threading.Thread(
            target=self._run, args=(self._source, play, self._stop), name="player", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Play no more."""
        self._stop.set()
        if self._source is not None:
            self._source.stop()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def diagnose(self, doing: str) -> Sequence[DiagnosticStatus]:
        """Report the recording that is played, its progress and faults."""
        if self._source is None:
            return ()
        problem = self._source.problem if self._source.skipped else ""
        level = DiagnosticStatus.WARN if problem else DiagnosticStatus.OK
        values = {"published": self._published, "skipped": self._source.skipped}
        return [self._node.status(self._source.path, level, problem or self._ended or doing, values)]

    def _run(self, source: PlayerSource, play: Play, stop: threading.Event) -> None:
        try:
            due = time.monotonic()
            for chunk in source:
                due = play(chunk, due, stop)
                if stop.is_set():
                    return
                self._published += 1
            if not stop.is_set():
                self._ended = "the recording has ended"
                self._node.get_logger().info(f"{source.path}: played to its end, {self._published} messages")
        except Exception as error:  # noqa: BLE001 - a player that fails says so
            self._node.fail(f"cannot play: {error}")
        finally:
            source.close()  # here, because this thread reads it
