"""The signals that ask a process to stop: noted from the first on, and obeyed in order."""

from __future__ import annotations

import os
import queue
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Ctrl-C, a service manager, a terminal or ssh session that is closed, Ctrl-\\."""
GRACE = 5.0
"""Seconds after the first signal from which on another one ends the process at once, if what drives stands still."""


class StopSignals:
    """Takes the signals over for the rest of the process, whose end they ask for; of the main thread only.

    The first one asks. Later ones change nothing: whoever is impatient must not cut off the stop of a robot. Only after
    GRACE, when the stop is said to be safe, another one ends the process with status 128 + its number.
    """

    def __init__(self) -> None:
        self.safe_to_kill = False
        self._first: float | None = None
        self._interrupting = False
        # Its `put` may interrupt itself, as a handler does; Event and Condition would wait for themselves.
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        for number in STOPPING:
            if not (number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN):  # nohup
                signal.signal(number, self._note)

    @property
    def asked(self) -> bool:
        """True if a signal has come."""
        return self._first is not None

    def wait(self) -> None:
        """Wait for a signal, or for `wake`."""
        # With a limit: the kernel may give a signal to another thread, and Python handles it in this one.
        while not self.asked:
            try:
                self._wake.get(timeout=0.2)
            except queue.Empty:
                continue
            return

    def wake(self) -> None:
        """End `wait`, from any thread."""
        self._wake.put(None)

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """The first signal raises KeyboardInterrupt in here."""
        self._interrupting = True
        try:
            if self.asked:
                raise KeyboardInterrupt
            yield
        finally:
            self._interrupting = False

    @staticmethod
    def ignore() -> None:
        """Let the interpreter end in peace: it gives the default handlers back while threads may still run."""
        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)

    def _note(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = now
            self._wake.put(None)
            if self._interrupting:
                self._interrupting = False
                raise KeyboardInterrupt
        elif self.safe_to_kill and now - self._first > GRACE:
            os._exit(128 + number)
