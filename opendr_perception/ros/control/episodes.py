"""One identification at a time: a newer one ends an older one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from opendr_perception.active.control import STOP
from opendr_perception.active.identification import Goal, Outcome, Report, identify
from opendr_perception.active.perception import FaceObservation
from opendr_perception.active.policies import ViewPolicy
from opendr_perception.ros.control.drive_loop import DriveLoop
from opendr_perception.ros.control.explorer import TopicExplorer

SUPERSEDED = "a newer goal has come"
PATIENCE = 2.0
"""Seconds that a decision, which cannot be interrupted, has to end when the node stops; the robot stands already."""


class Episodes:
    """Runs identifications in the threads of their callers.

    Args:
        explorer: the robot.
        drive: its drive loop, whose lock guards the explorer.
        say: is told each phase, and `idle` at the end.
    """

    def __init__(self, explorer: TopicExplorer, drive: DriveLoop, say: Callable[[str], None]) -> None:
        self._explorer, self._drive, self._say = explorer, drive, say
        self._turn = threading.Lock()
        self._newest = 0
        self._closed = ""

    def run(self, track: str, policy: ViewPolicy, goal: Goal, timeout: float, report: Report) -> Outcome:
        """Identify a person; whatever is under way ends first.

        Args:
            track: of the person, or '' for whoever is nearest.
            policy: what decides.
            goal: when to end.
            timeout: s, after which what was seen until then decides.
            report: is told what happens.
        """
        with self._drive.lock:
            self._newest += 1
            ticket = self._newest
            self._explorer.interrupt(SUPERSEDED)
        with self._turn:
            with self._drive.lock:
                refusal = self._closed or self._drive.controller.interlocks.of(STOP)
                if ticket != self._newest or refusal:
                    return Outcome((), 0, refusal or SUPERSEDED, interrupted=True)
                self._explorer.begin(track)
            too_late = f"{timeout:g} s are over"
            alarm = threading.Timer(timeout, self._explorer.interrupt, (too_late,))
            alarm.daemon = True
            alarm.start()
            try:
                outcome = identify(self._explorer, policy, goal, self._telling(ticket, report))
                return replace(outcome, interrupted=outcome.interrupted and outcome.message != too_late)
            finally:
                alarm.cancel()
                with self._drive.lock:
                    if ticket == self._newest:
                        self._drive.halt("the identification has ended")
                        self._say("idle")

    @property
    def running(self) -> bool:
        """True if an identification is under way."""
        return self._turn.locked()

    @property
    def failure(self) -> str:
        """Reason why the robot makes no move any more; '' while it can."""
        return self._drive.failure

    def interrupt(self, reason: str) -> None:
        """End what is under way."""
        self._explorer.interrupt(reason)

    def close(self, reason: str) -> None:
        """End what is under way, and begin nothing any more; the robot stands still at once."""
        with self._drive.lock:
            self._closed = reason
            self._explorer.interrupt(reason)

    def wait(self) -> bool:
        """After `close`: wait until all is quiet; False when a decision takes too long; it then has no say any more."""
        quiet = self._turn.acquire(timeout=PATIENCE)
        if quiet:
            self._turn.release()
        else:
            with self._drive.lock:
                self._newest += 1
        return quiet

    def _telling(self, ticket: int, report: Report) -> Report:
        def tell(phase: str, view: FaceObservation | None, moves: int) -> None:
            if ticket == self._newest:
                self._say(phase)
            report(phase, view, moves)

        return tell
