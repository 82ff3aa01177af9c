"""All messages of all streams, in the order in which they came, from the executor's thread to the worker's."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

from opendr_perception.ros.topics import Counts

Item = TypeVar("Item")

LONGEST = 1000
"""Messages that wait at most. A worker that is so far behind is too slow, and what it would say is too old."""


class Queue(Generic[Item]):
    """Nothing is left out while the worker keeps up; when it is full, the oldest are dropped and counted."""

    def __init__(self, streams: tuple[str, ...]) -> None:
        self._ready = threading.Condition()
        self._items: deque[tuple[str, Item]] = deque()
        self._counts = {stream: Counts() for stream in streams}
        self.closed = False

    def put(self, stream: str, item: Item) -> None:
        """Leave a message for the worker. Never blocks."""
        with self._ready:
            if len(self._items) >= LONGEST:
                oldest, _ = self._items.popleft()
                self._counts[oldest].dropped += 1
            self._items.append((stream, item))
            self._ready.notify()

    def take(self) -> tuple[str, Item] | None:
        """Wait for the oldest message; None when the queue is closed."""
        with self._ready:
            self._ready.wait_for(lambda: self._items or self.closed)
            return None if self.closed else self._items.popleft()

    def close(self) -> None:
        """Wake the worker for the last time. Messages that wait are counted as dropped."""
        with self._ready:
            for stream, _ in self._items:
                self._counts[stream].dropped += 1
            self._items.clear()
            self.closed = True
            self._ready.notify_all()

    def count(self, stream: str, *, processed: int = 0, rejected: int = 0) -> None:
        """Say what became of a message that was taken."""
        with self._ready:
            self._counts[stream].processed += processed
            self._counts[stream].rejected += rejected

    def counts(self, stream: str) -> Counts:
        """A copy of the stream's counts."""
        with self._ready:
            counts = self._counts[stream]
            return Counts(counts.processed, counts.dropped, counts.rejected)
