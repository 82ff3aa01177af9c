"""The newest message of each stream, handed from the executor's thread to the worker's."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Generic, TypeVar

MessageT = TypeVar("MessageT")


@dataclass
class Counts:
    """Fates of the messages of one stream. A message is counted when its fate is known, so that
    `received = processed + dropped + rejected` holds whenever it is read."""

    processed: int = 0
    dropped: int = 0
    rejected: int = 0

    @property
    def received(self) -> int:
        return self.processed + self.dropped + self.rejected


class LatestSlot(Generic[MessageT]):
    """One slot for each stream. A new message replaces one that nobody has taken yet, which is counted as dropped."""

    def __init__(self, streams: tuple[str, ...]) -> None:
        self._ready = threading.Condition()
        self._slots: dict[str, MessageT] = {}
        self._closed = False
        self._counts = {stream: Counts() for stream in streams}

    @property
    def closed(self) -> bool:
        """True if `close` was called."""
        return self._closed

    def put(self, stream: str, message: MessageT) -> None:
        """Leave a message for the worker. Never blocks."""
        with self._ready:
            if stream in self._slots:
                self._counts[stream].dropped += 1
            self._slots[stream] = message
            self._ready.notify()

    def take(self) -> dict[str, MessageT] | None:
        """Wait for messages and take the newest one of every stream that has one; None when the slot is closed."""
        with self._ready:
            self._ready.wait_for(lambda: self._slots or self._closed)
            if self._closed:
                return None
            taken, self._slots = self._slots, {}
            return taken

    def close(self) -> None:
        """Wake the worker for the last time. Messages that wait are counted as dropped."""
        with self._ready:
            for stream in self._slots:
                self._counts[stream].dropped += 1
            self._slots = {}
            self._closed = True
            self._ready.notify_all()

    def count(self, stream: str, *, processed: int = 0, dropped: int = 0, rejected: int = 0) -> None:
        """Say what became of messages that were taken."""
        with self._ready:
            counts = self._counts[stream]
            counts.processed += processed
            counts.dropped += dropped
            counts.rejected += rejected

    def counts(self, stream: str) -> Counts:
        """A copy of the stream's counts."""
        with self._ready:
            counts = self._counts[stream]
            return Counts(counts.processed, counts.dropped, counts.rejected)
