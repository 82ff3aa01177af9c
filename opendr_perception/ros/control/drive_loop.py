"""The control loop of a robot: asks the pilot at a fixed rate, in a thread of its own, and publishes what it says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from opendr_perception.active.control import REPEAT, Move, Pilot, Refused, Status
from opendr_perception.active.surroundings import STILL, Person, Velocity

RATE = 20.0
"""Hz. Neither images nor inference nor other nodes of the process keep it waiting."""
LATE = 0.001
"""Seconds after the last moment that is in time."""
PATIENCE = 1.0
"""Seconds that the loop has to end; a middleware that hangs must not keep the node from its end."""


class DriveLoop:
    """Runs a pilot until it is stopped; then, and whenever something fails, the robot stands still.

    After a failure it goes on to say zero until that has been heard of `REPEAT` times, and makes no move any more.

    Args:
        pilot: what decides about velocities. Whoever else uses it holds `lock`.
        publish: sends a velocity to the robot.
        clock: seconds of the clock by which images are stamped.
        fail: is told, in words, what ended the loop.
        changed: is told when a move is held, and when it goes on.
        simulated: whether the robot moves in the time of that clock, as in a simulation, and not in real time.
    """

    def __init__(
        self,
        pilot: Pilot,
        publish: Callable[[Velocity], None],
        clock: Callable[[], float],
        fail: Callable[[str], None],
        changed: Callable[[Status], None] = lambda status: None,
        simulated: Callable[[], bool] = lambda: False,
    ) -> None:
        self._simulated = simulated
        self.pilot, self.lock = pilot, threading.Condition()
        self.failure = ""
        """Why it makes no move any more, in words; '' while it works."""
        self._zeros = 0  # to be said after a failure
        self._publish, self._clock, self._fail, self._changed = publish, clock, fail, changed
        self._stop = threading.Event()
        pilot.tick(time.monotonic())  # from now on time counts
        self._thread = threading.Thread(target=self._run, name="drive loop", daemon=True)
        self._thread.start()

    def move(self, move: Move, interrupted: Callable[[], bool]) -> str:
        """Make a move to its end; '' when it was made, else why not.

        Args:
            move: see there.
            interrupted: is asked all the time; when it says so, the robot stands still.
        """
        with self.lock:
            if interrupted():  # before the first step: what was stopped must not stir
                return "interrupted"
            if self.failure:
                return self.failure
            try:
                self.pilot.move(move, time.monotonic())
            except Refused as error:
                return str(error)
            while self.pilot.moving and not self._stop.is_set():
                self.lock.wait(1 / RATE)
                if interrupted():
                    self.halt("interrupted")
            return "" if self.pilot.status is Status.ARRIVED else self.pilot.reason or self.pilot.status.value

    def observe(self, stamp: float, person: Person | None, others: Sequence[Person], source: str = "faces") -> bool:
        """Tell the pilot who is seen, in an image stamped with these seconds; False when it does not count."""
        with self.lock:
            return self.pilot.observe(stamp, time.monotonic(), person, others, self._clock() - stamp, source)

    def halt(self, reason: str) -> None:
        """Stand still now, without waiting for the loop's next turn."""
        with self.lock:
            if self.pilot.moving:
                self.pilot.halt(reason)
                self._say_zero()

    def forbid(self, guard: str, reason: str) -> None:
        """Stand still now, and until the guard allows motion again."""
        with self.lock:
            self.pilot.interlocks.engage(guard, reason)
            self.halt(reason)

    def allow(self, guard: str) -> None:
        """Take back what a guard has forbidden."""
        self.pilot.interlocks.release(guard)

    def stop(self) -> None:
        """End the loop; after a move, zero is said `REPEAT` times, the first time at once.

        Raises:
            RuntimeError: the loop hangs.
        """
        with self.lock:
            moved = self.pilot.moving or self.pilot.stopping or self._zeros > 0
            self.pilot.halt("the node stops")
            self._stop.set()
            self.lock.notify_all()
        for _ in range(REPEAT if moved else 0):
            self._say_zero()
            time.sleep(1 / RATE)
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            raise RuntimeError("the control loop hangs")

    def _until_next_turn(self) -> float:
        """Seconds: a period, but not longer than what is perceived stays fresh, so that a stop is not late."""
        with self.lock:
            left = self.pilot.fresh_until - time.monotonic() + LATE
        return left if 0 < left < 1 / RATE else 1 / RATE

    def _run(self) -> None:
        turn = _Turn(self._clock(), self.pilot.status)
        while not self._stop.wait(self._until_next_turn()):
            with self.lock:
                try:
                    self._turn(turn)
                except Exception as error:  # noqa: BLE001 - whatever it is, the robot must not go on
                    self._break(error)
                    self._say_zero()
                self.lock.notify_all()

    def _turn(self, turn: _Turn) -> None:
        if self.failure:
            if self._zeros > 0 and self._say_zero():
                self._zeros -= 1
            return
        now = self._clock()
        velocity = self.pilot.tick(time.monotonic(), now - turn.last if self._simulated() else None)
        turn.last = now
        if velocity is not None:
            self._publish(velocity)
        if self.pilot.status is not turn.status:
            turn.status = self.pilot.status
            self._changed(turn.status)

    def _say_zero(self) -> bool:
        """Whether it could be said; if not, the loop tries again."""
        try:
            self._publish(STILL)
        except Exception as error:  # noqa: BLE001 - as above
            self._break(error)
            return False
        return True

    def _break(self, error: Exception) -> None:
        """From the first failure on no move is made."""
        if self.failure:
            return
        self.failure, self._zeros = f"the control loop failed: {error}", REPEAT
        self.pilot.halt(self.failure)
        with suppress(Exception):  # whoever is told may fail for the same reason, and the loop has to live
            self._fail(f"the control loop failed, the robot stands still: {error}")


@dataclass
class _Turn:
    """What one turn of the loop leaves to the next: its time, and the status that was told."""

    last: float
    status: Status
