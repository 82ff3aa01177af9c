"""The control loop of a robot: asks the controller at a fixed rate, in a thread of its own, and publishes what it
says."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from opendr_perception.active.control import REPEAT, MotionController, Order, Refused, Status
from opendr_perception.active.surroundings import STILL, PersonPosition, Velocity

RATE = 20.0
"""Hz. Neither images nor inference nor other nodes of the process keep it waiting."""
LATE = 0.001
"""Seconds after the last moment that is in time."""
PATIENCE = 1.0
"""Seconds that the loop has to end; a middleware that hangs must not keep the node from its end."""


class DriveLoop:
    """Runs a controller until it is stopped; then, and whenever something fails, the robot stands still.

    After a failure it goes on to command zero velocity until that has been heard of `REPEAT` times, and makes no move
    any more.

    Args:
        controller: what decides about velocities. Whoever else uses it holds `lock`.
        publish: sends a velocity to the robot.
        clock: seconds of the clock by which images are stamped.
        fail: is told, in words, what ended the loop.
        changed: is told when a move is held, and when it goes on.
        simulated: whether the robot moves in the time of that clock, as in a simulation, and not in real time.
    """

    def __init__(
        self,
        controller: MotionController,
        publish: Callable[[Velocity], None],
        clock: Callable[[], float],
        fail: Callable[[str], None],
        changed: Callable[[Status], None] = lambda status: None,
        simulated: Callable[[], bool] = lambda: False,
    ) -> None:
        self._simulated = simulated
        self.controller, self.lock = controller, threading.Condition()
        self.failure = ""
        """Why it makes no move any more, in words; '' while it works."""
        self._zeros = 0  # to be said after a failure
        self._publish, self._clock, self._fail, self._changed = publish, clock, fail, changed
        self._stop = threading.Event()
        controller.tick(time.monotonic())  # from now on time counts
        self._thread = threading.Thread(target=self._run, name="drive loop", daemon=True)
        self._thread.start()

    def move(self, move: Order, interrupted: Callable[[], bool], within: float = math.inf) -> str:
        """Make a move to its end; '' when it was made, else why not.

        Args:
            move: change of view to make, or how to follow, which ends when the way is as long as allowed.
            interrupted: is asked all the time; when it says so, the robot stands still.
            within: length of the way after which it ends in any case, m.
        """
        with self.lock:
            if interrupted():  # before the first step: a cancelled move must not start
                return "interrupted"
            if self.failure:
                return self.failure
            try:
                self.controller.move(move, time.monotonic(), within)
            except Refused as error:
                return str(error)
            while self.controller.moving and not self._stop.is_set():
                self.lock.wait(1 / RATE)
                if interrupted():
                    self.halt("interrupted")
            return (
                ""
                if self.controller.status is Status.ARRIVED
                else self.controller.reason or self.controller.status.value
            )

    def observe(
        self, stamp: float, person: PersonPosition | None, others: Sequence[PersonPosition], source: str = "faces"
    ) -> bool:
        """Tell the controller who is seen, in an image stamped with these seconds; False when it does not count."""
        with self.lock:
            return self.controller.observe(stamp, time.monotonic(), person, others, self._clock() - stamp, source)

    def halt(self, reason: str) -> None:
        """Stand still now, without waiting for the loop's next turn."""
        with self.lock:
            if self.controller.moving:
                self.controller.halt(reason)
                self._say_zero()

    def forbid(self, guard: str, reason: str) -> None:
        """Stand still now, and until the guard allows motion again."""
        with self.lock:
            self.controller.interlocks.engage(guard, reason)
            self.halt(reason)

    def allow(self, guard: str) -> None:
        """Take back what a guard has forbidden."""
        self.controller.interlocks.release(guard)

    def stop(self) -> None:
        """End the loop; after a move, zero is said `REPEAT` times, the first time at once.

        Raises:
            RuntimeError: the loop hangs.
        """
        with self.lock:
            moved = self.controller.moving or self.controller.stopping or self._zeros > 0
            self.controller.halt("the node stops")
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
            left = self.controller.fresh_until - time.monotonic() + LATE
        return left if 0 < left < 1 / RATE else 1 / RATE

    def _run(self) -> None:
        turn = _Turn(self._clock(), self.controller.status)
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
        velocity = self.controller.tick(time.monotonic(), now - turn.last if self._simulated() else None)
        turn.last = now
        if velocity is not None:
            self._publish(velocity)
        if self.controller.status is not turn.status:
            turn.status = self.controller.status
            self._changed(turn.status)

    def _say_zero(self) -> bool:
        """Publish zero. False if that failed; then the loop tries again."""
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
        self.controller.halt(self.failure)
        with suppress(Exception):  # whoever is told may fail for the same reason, and the loop has to live
            self._fail(f"the control loop failed, the robot stands still: {error}")


@dataclass
class _Turn:
    """State that one turn of the loop leaves to the next: its time, and the status that was told."""

    last: float
    status: Status
