"""One thing at a time, to identify somebody or to follow them: what is newer ends what is older."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from opendr_perception.active.control import STOP, Pursuit
from opendr_perception.active.identification import Examine, Goal, Interrupted, Outcome, identify
from opendr_perception.active.improvement import AnsweringExplorer, Improvement, ViewAnswer, improve
from opendr_perception.active.perception import FaceObservation
from opendr_perception.active.policies import ExpectedGain, ViewPolicy
from opendr_perception.ros.control.drive_loop import DriveLoop
from opendr_perception.ros.control.explorer import TopicExplorer

SUPERSEDED = "a newer goal has come"
PATIENCE = 2.0
"""Seconds that a decision, which cannot be interrupted, has to end when the node stops; the robot stands already."""
Report = Callable[[str, FaceObservation | ViewAnswer | None, int], None]
"""Is told the phase, what was seen or told last, and the number of moves."""


class Episodes:
    """Runs identifications, and looks for other answers, in the threads of their callers.

    Args:
        explorer: the robot.
        drive: its drive loop, whose lock guards the explorer.
        say: is told each phase, and `idle` at the end.
        examine: each view, before anything is decided by it.
    """

    def __init__(
        self,
        explorer: TopicExplorer,
        drive: DriveLoop,
        say: Callable[[str], None],
        examine: Examine = lambda view: view,
    ) -> None:
        self._explorer, self._drive, self._say, self._examine = explorer, drive, say, examine
        self._turn = threading.Lock()
        self._newest = 0
        self._closed = ""

    def run(
        self, track: str, policy: ViewPolicy | ExpectedGain, goal: Goal, timeout: float, report: Report
    ) -> Outcome | Improvement:
        """Identify a person, or look for a surer answer about them; whatever is under way ends first.

        Args:
            track: of the person, or '' for whoever is nearest.
            policy: what chooses views to tell who it is; or sides to be surer of something else.
            goal: when to end.
            timeout: s, after which what was seen until then decides.
            report: is told what happens.
        """
        too_late = f"{timeout:g} s are over"
        try:
            with self._turn_for(track) as ticket:
                alarm = threading.Timer(timeout, self._explorer.interrupt, (too_late,))
                alarm.daemon = True
                alarm.start()
                try:
                    outcome = self._look(policy, goal, self._telling(ticket, report))
                finally:
                    alarm.cancel()
                return replace(outcome, interrupted=outcome.interrupted and outcome.message != too_late)
        except Interrupted as refusal:
            return Outcome((), 0, str(refusal), interrupted=True)

    def _look(self, policy: ViewPolicy | ExpectedGain, goal: Goal, tell: Report) -> Outcome | Improvement:
        if not isinstance(policy, ExpectedGain):
            return identify(self._explorer, policy, goal, tell, self._examine)
        assert isinstance(self._explorer, AnsweringExplorer)  # others are asked for names alone
        return improve(self._explorer, policy, goal, tell)

    def follow(self, track: str, pursuit: Pursuit) -> str:
        """Follow a person until they are lost, or something else begins; why it ended, in words."""
        try:
            with self._turn_for(track):
                return self._explorer.follow(pursuit, lambda: self._say("following"))
        except Interrupted as reason:
            return str(reason)

    @contextmanager
    def _turn_for(self, track: str) -> Iterator[int]:
        """Turn to a person when whatever is under way has ended; at the end the robot stands.

        Raises:
            Interrupted: it may not begin.
        """
        with self._drive.lock:
            self._newest += 1
            ticket = self._newest
            self._explorer.interrupt(SUPERSEDED)
        with self._turn:
            with self._drive.lock:
                refusal = self._closed or self._drive.controller.interlocks.of(STOP)
                if ticket != self._newest or refusal:
                    raise Interrupted(refusal or SUPERSEDED)
                self._explorer.begin(track)
            try:
                yield ticket
            finally:
                with self._drive.lock:
                    if ticket == self._newest:
                        self._drive.halt("the episode has ended")
                        self._say("idle")

    @property
    def running(self) -> bool:
        """True if one is under way."""
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
        def tell(phase: str, view: FaceObservation | ViewAnswer | None, moves: int) -> None:
            if ticket == self._newest:
                self._say(phase)
            report(phase, view, moves)

        return tell
