"""One identification at a time, and none that keeps the robot from standing still."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from opendr_perception.active.control.motion import Move
from opendr_perception.active.identification import Goal, Outcome
from opendr_perception.active.perception.observation import FaceObservation
from opendr_perception.active.policies.base import Decision
from opendr_perception.active.policies.baselines import Static
from opendr_perception.active.surroundings.geometry import STILL
from opendr_perception.ros.control.episodes import SUPERSEDED

GOAL = Goal(confidence=0.9)


class Stuck:
    """A policy that does not come to an end before it is let go; then it wants to move."""

    def __init__(self) -> None:
        self.begun, self.free = threading.Event(), threading.Event()

    def begin(self) -> None:
        """Nothing is kept."""

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        self.begun.set()
        assert self.free.wait(20)
        return Decision(Move(pan=0.5), "at last")


class Restless:
    """Always wants to go on."""

    def begin(self) -> None:
        """Nothing is kept."""

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        return Decision(Move(pan=0.5), "there is more to see")


def start(stage: Any, policy: Any, timeout: float = 20.0) -> Future[Outcome]:
    executor = ThreadPoolExecutor(1)
    future = executor.submit(stage.episodes.run, "", policy, GOAL, timeout, lambda phase, view, moves: None)
    executor.shutdown(wait=False)
    return future


def test_it_says_what_it_does_and_who_it_is(stage: Any) -> None:
    with stage.showing():
        outcome = start(stage, Static()).result(20)
    assert (outcome.identity, outcome.moves, outcome.interrupted) == ("ann", 0, False)
    assert stage.said == ["looking", "deciding", "idle"]
    assert not stage.episodes.running


def test_a_newer_one_ends_the_older_one_in_motion(stage: Any) -> None:
    with stage.showing():
        older = start(stage, Restless())
        stage.wait(lambda: stage.moves)
        newer = start(stage, Static())
        assert (older.result(20).message, older.result().interrupted) == (SUPERSEDED, True)
        assert newer.result(20).identity == "ann"
    assert stage.commands[-1] == STILL


def test_too_late_is_an_answer_and_no_interruption(stage: Any) -> None:
    with stage.showing():
        outcome = start(stage, Restless(), timeout=0.7).result(20)
    assert (outcome.message, outcome.interrupted, outcome.identity) == ("0.7 s are over", False, "ann")
    assert stage.commands[-1] == STILL


def test_a_decision_that_hangs_keeps_nothing_from_standing_still(stage: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("opendr_perception.ros.control.episodes.PATIENCE", 0.05)
    stuck = Stuck()
    with stage.showing():
        start(stage, Restless())
        stage.wait(lambda: stage.moves)
        hanging = start(stage, stuck)
        assert stuck.begun.wait(20)
        assert not stage.moves
        commands = len(stage.commands)
        stage.episodes.close("the node is deactivated")
        assert not stage.episodes.wait(), "it hangs"
        stage.drive.stop()
        stuck.free.set()
        assert (hanging.result(20).message, hanging.result().interrupted) == ("the node is deactivated", True)
    assert set(stage.commands[commands:]) <= {STILL}, "it must not move when it wakes up"
    assert stage.said[-1] == "deciding", "nor say anything"


def test_a_robot_that_moves_stands_in_time_although_its_worker_hangs(stage: Any) -> None:
    with stage.showing():
        stage.explorer.begin("")
        stage.explorer.look()
        with stage.drive.lock:  # as its worker does, which then never asks again
            stage.drive.controller.move(Move(pan=1.0), time.monotonic())
        stage.wait(lambda: stage.moves)
    stage.wait(lambda: not stage.moves)


def test_after_closing_nothing_begins(stage: Any) -> None:
    stage.episodes.close("the node is deactivated")
    assert stage.episodes.wait()
    outcome = start(stage, Static()).result(20)
    assert (outcome.message, outcome.interrupted, outcome.views) == ("the node is deactivated", True, ())


def test_what_a_report_raises_ends_the_episode_and_leaves_the_robot_standing(stage: Any) -> None:
    def report(phase: str, view: FaceObservation | None, moves: int) -> None:
        if phase == "looking" and moves:
            raise OSError("the listener is gone")

    with stage.showing(), pytest.raises(OSError, match="the listener is gone"):
        policy = Restless()
        policy.decide = lambda views: Decision(Move(advance=0.06), "a little nearer")  # type: ignore[method-assign]
        stage.episodes.run("", policy, GOAL, 20.0, report)
    assert stage.commands[-1] == STILL
    assert stage.said[-1] == "idle"
    assert not stage.episodes.running
