"""The control loop: whatever hangs or fails, the last velocity is zero, and it is said in time."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from opendr_perception.active.control.controller import REPEAT, MotionController
from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.control.motion import Move
from opendr_perception.active.control.status import Status, Timeouts
from opendr_perception.active.surroundings.geometry import STILL, PersonPosition, Velocity
from opendr_perception.ros.control.drive_loop import DriveLoop

PERSON = PersonPosition(2.0, 0.0)
RIGHT = Move(pan=1.0)
LIMIT = 20.0


class Base:
    """Hears velocities, with the moment of each."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, Velocity]] = []
        self.failures: list[str] = []
        self.changed = threading.Condition()
        self.broken = False
        self.loops: list[DriveLoop] = []

    def drive(self, timeout: float = 5.0) -> DriveLoop:
        controller = MotionController("holonomic", Limits(), Timeouts(command=timeout))
        loop = DriveLoop(controller, self.take, time.monotonic, self.failures.append)
        self.loops.append(loop)
        return loop

    def take(self, velocity: Velocity) -> None:
        with self.changed:
            self.heard.append((time.monotonic(), velocity))
            self.changed.notify_all()
        if self.broken:
            raise OSError("the base is gone")

    def wait(self, done: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(done, LIMIT), self.heard[-3:]

    def moves(self) -> bool:
        return bool(self.heard) and self.heard[-1][1] != STILL

    def stands(self) -> bool:
        return bool(self.heard) and self.heard[-1][1] == STILL


@pytest.fixture
def base() -> Iterator[Base]:
    base = Base()
    yield base
    for loop in base.loops:
        loop.stop()


def begin(loop: DriveLoop, interrupted: Callable[[], bool] = lambda: False) -> tuple[threading.Thread, list[str]]:
    """Move in a thread of its own, as episodes do."""
    loop.observe(time.monotonic(), PERSON, ())
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(loop.move(RIGHT, interrupted)), daemon=True)
    thread.start()
    return thread, answers


def test_zero_comes_when_perceptions_expire_and_not_at_the_next_turn(base: Base, monkeypatch: Any) -> None:
    monkeypatch.setattr("opendr_perception.ros.control.drive_loop.RATE", 2.0)
    loop = base.drive(timeout=0.55)
    begin(loop)
    seen = time.monotonic()
    base.wait(base.moves)
    base.wait(base.stands)
    assert base.heard[-1][0] - seen < 0.9, "the turn after that is at 1 s"
    assert loop.controller.status is Status.HELD


def test_a_move_that_was_stopped_before_its_first_step_does_not_stir(base: Base) -> None:
    loop = base.drive()
    thread, answers = begin(loop, interrupted=lambda: True)
    thread.join(LIMIT)
    assert answers == ["interrupted"]
    loop.stop()
    assert base.heard == []


def test_an_interruption_stops_it(base: Base) -> None:
    told = threading.Event()
    thread, answers = begin(base.drive(), told.is_set)
    base.wait(base.moves)
    told.set()
    thread.join(LIMIT)
    assert answers == ["interrupted"]
    assert base.stands()


def test_halt_does_not_wait_for_the_next_turn(base: Base) -> None:
    loop = base.drive()
    thread, answers = begin(loop)
    base.wait(base.moves)
    with loop.lock:  # the loop cannot have its turn meanwhile
        loop.halt("enough")
        assert base.stands()
    thread.join(LIMIT)
    assert answers == ["enough"]


def test_stop_ends_a_move_with_zero(base: Base) -> None:
    loop = base.drive()
    thread, answers = begin(loop)
    base.wait(base.moves)
    loop.stop()
    assert base.stands()
    thread.join(LIMIT)
    assert answers == ["the node stops"]


def test_whoever_was_not_moving_says_nothing_when_it_stops(base: Base) -> None:
    base.drive().stop()
    assert base.heard == []


def test_a_loop_that_cannot_publish_says_why_and_goes_on_to_say_zero(base: Base) -> None:
    loop = base.drive(timeout=5.0)
    thread, answers = begin(loop)
    base.wait(base.moves)
    base.broken = True
    thread.join(LIMIT)
    assert "the base is gone" in answers[0]
    assert base.failures == ["the control loop failed, the robot stands still: the base is gone"]
    tried = len(base.heard)
    base.wait(lambda: len(base.heard) > tried + 3)
    base.broken = False
    healed = len(base.heard)
    base.wait(lambda: len(base.heard) >= healed + REPEAT)
    assert {velocity for _, velocity in base.heard[tried:]} == {STILL}
    assert loop.move(RIGHT, lambda: False) == "the control loop failed: the base is gone", "it is not trusted any more"
    assert len(base.failures) == 1


def test_whoever_is_told_of_the_failure_may_fail_too(base: Base) -> None:
    def fail(text: str) -> None:
        raise RuntimeError("the log is full")

    loop = DriveLoop(MotionController("holonomic", Limits(), Timeouts()), base.take, time.monotonic, fail)
    base.loops.append(loop)
    begin(loop)
    base.wait(base.moves)
    base.broken = True
    base.wait(base.stands)
    base.broken = False
    healed = len(base.heard)
    base.wait(lambda: len(base.heard) >= healed + REPEAT)


def test_zero_is_said_as_often_as_promised_before_the_loop_ends(base: Base) -> None:
    loop = base.drive(timeout=5.0)
    begin(loop)
    base.wait(base.moves)
    moving = len(base.heard)
    loop.stop()
    last = base.heard[-REPEAT:]
    assert [velocity for _, velocity in last] == [STILL] * REPEAT
    assert len(base.heard) >= moving + REPEAT
    assert all(later - earlier > 0.02 for (earlier, _), (later, _) in itertools.pairwise(last)), "spread"


def test_a_publisher_that_hangs_does_not_keep_the_loop_from_its_end(base: Base, monkeypatch: Any) -> None:
    monkeypatch.setattr("opendr_perception.ros.control.drive_loop.PATIENCE", 0.1)
    begun, free = threading.Event(), threading.Event()
    loop = base.drive(timeout=5.0)

    def told(status: Status) -> None:
        begun.set()
        loop.lock.release()  # as a middleware would that blocks elsewhere
        free.wait(LIMIT)
        loop.lock.acquire()

    loop._changed = told
    begin(loop)
    assert begun.wait(LIMIT)
    with pytest.raises(RuntimeError, match="hangs"):
        loop.stop()
    assert base.stands()
    free.set()


def test_a_move_that_cannot_be_made_is_refused(base: Base) -> None:
    assert base.drive().move(RIGHT, lambda: False) == "nobody is seen"


def test_changes_of_a_move_are_told(base: Base) -> None:
    states: list[Any] = []
    loop = DriveLoop(
        MotionController("holonomic", Limits(), Timeouts()),
        base.take,
        time.monotonic,
        base.failures.append,
        states.append,
    )
    base.loops.append(loop)
    begin(loop)
    base.wait(base.moves)
    base.wait(base.stands)
    base.wait(lambda: Status.HELD in states)
    assert states[:2] == [Status.MOVING, Status.HELD]


def test_what_is_forbidden_ends_with_zero_at_once_and_does_not_begin_again(base: Base) -> None:
    loop = base.drive()
    thread, answers = begin(loop)
    base.wait(base.moves)
    with loop.lock:  # the loop cannot have its turn meanwhile
        loop.forbid("somebody", "somebody says no")
        assert base.stands()
    thread.join(LIMIT)
    loop.observe(2.0, PERSON, ())
    answers.append(loop.move(RIGHT, lambda: False))
    assert answers == ["somebody says no"] * 2
    loop.allow("somebody")
    loop.observe(3.0, PERSON, ())
    threading.Thread(target=loop.move, args=(RIGHT, lambda: False), daemon=True).start()
    base.wait(base.moves)
