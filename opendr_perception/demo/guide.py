"""Leads the robot of the active demonstration from person to person, and asks it who they are."""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from action_msgs.msg import GoalStatus
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Twist
from rclpy.publisher import Publisher
from rclpy.task import Future

from opendr_perception.action import IdentifyPerson
from opendr_perception.demo.play import START_TIMEOUT, DemoError, check
from opendr_perception.demo.tour import PASSED, arrived, legs, towards
from opendr_perception.demo.visit import Answer, Visit
from opendr_perception.demo.witness import EpisodeRecorder
from opendr_perception.sim.robot import Command
from opendr_perception.sim.scene import Pose, Standing, distance

SETTLE = 0.5
"""s, after which the robot stands."""
SHOWN = 1.5
"""s, for which an answer is shown."""
PATIENCE = 60.0
"""s of the wall clock, for what takes a few seconds."""


class Guide:
    """Drives where `view_control` does not, and asks `view_control` to identify people.

    Args:
        witness: knows where the robot is.
        programs: that must go on.
        log: of what they print.
    """

    def __init__(self, witness: EpisodeRecorder, programs: Sequence[subprocess.Popen[bytes]], log: Path) -> None:
        self._witness, self._programs, self._log = witness, programs, log
        self._wait(
            lambda: self._witness.goals.server_is_ready() and witness.faces > 0, START_TIMEOUT, "there are no faces"
        )

    def go_to(self, person: Pose) -> None:
        """Drive to the stop before a person; `view_control` moves only while nobody else can command."""
        commands = self._witness.create_publisher(Twist, "cmd_vel", 1)
        try:
            way, stop = legs(self._pose(), person)
            while distance(self._pose(), way) > PASSED:
                self._drive(commands, way, person)
            while not arrived(self._pose(), stop, person):
                self._drive(commands, stop, person)
            _say(commands, Command())
            self.pause(SETTLE)
        finally:
            self._witness.destroy_publisher(commands)

    def pause(self, seconds: float) -> None:
        """Stand still for some simulated time."""
        end = self._witness.seconds + seconds
        self._wait(lambda: self._witness.seconds >= end, PATIENCE, "the simulation stands still")

    def identify(self, person: Standing, enrolled: bool, timeout: float) -> Visit:
        """Let `view_control` find out who stands there.

        Args:
            person: for the table; the robot is not told.
            enrolled: for the table.
            timeout: s.
        """
        witness = self._witness
        with witness.changed:
            witness.looked_at, witness.seen = person.name, Answer()
        begun, before, first = witness.seconds, witness.travelled, Answer()

        def hear(message: IdentifyPerson.Impl.FeedbackMessage) -> None:
            nonlocal first
            feedback = message.feedback
            fields = {"phase": feedback.phase, "pan": _number(feedback.pan), "moves": feedback.moves}
            answer = Answer(feedback.identity, feedback.confidence)
            witness.write("/view_control/identify/feedback", {**fields, **_fields(answer)})
            if feedback.phase == "deciding":
                with witness.changed:
                    witness.seen = answer
                    first = answer if feedback.moves == 0 else first

        goal = IdentifyPerson.Goal(timeout=Duration(sec=math.ceil(timeout)))
        handle = self._answer(self._witness.goals.send_goal_async(goal, feedback_callback=hear), PATIENCE)
        if not handle.accepted:
            raise DemoError(f"view_control does not take the goal; see {self._log}")
        answer = self._answer(handle.get_result_async(), timeout + PATIENCE)
        result = answer.result
        if answer.status != GoalStatus.STATUS_SUCCEEDED:
            raise DemoError(f"view_control has given up: {result.message}; see {self._log}")
        last = Answer(result.identity, result.confidence)
        way, seconds = witness.travelled - before, witness.seconds - begun
        visit = Visit(person.name, enrolled, first, last, result.moves, way, seconds, result.message)
        witness.write(
            "/view_control/identify/result", {**_fields(last), "moves": visit.moves, "message": visit.message}
        )
        with witness.changed:
            witness.seen, witness.visits[person.name] = last, visit
        self.pause(SHOWN)
        with witness.changed:
            witness.looked_at = ""
        return visit

    def _pose(self) -> Pose:
        self._wait(lambda: self._witness.pose is not None, PATIENCE, "no odometry comes")
        assert self._witness.pose is not None
        return self._witness.pose

    def _drive(self, commands: Publisher, goal: Pose, person: Pose) -> None:
        """Say where to, and wait for the next odometry."""
        _say(commands, towards(self._pose(), goal, person))
        now = self._witness.seconds
        self._wait(lambda: self._witness.seconds > now, PATIENCE, "the simulation stands still")

    def _answer(self, future: Future, seconds: float) -> Any:
        self._wait(future.done, seconds, "view_control does not answer")
        return future.result()

    def _wait(self, done: Callable[[], bool], seconds: float, missing: str) -> None:
        deadline = time.monotonic() + seconds
        with self._witness.changed:
            while not done():
                check(self._witness, self._programs, self._log)
                if time.monotonic() > deadline:
                    raise DemoError(f"{missing}; see {self._log}")
                self._witness.changed.wait(0.1)


def _say(commands: Publisher, command: Command) -> None:
    twist = Twist()
    twist.linear.x, twist.linear.y, twist.angular.z = command.forward, command.left, command.turn
    commands.publish(twist)


def _fields(answer: Answer) -> dict[str, Any]:
    return {"identity": answer.identity, "confidence": _number(answer.confidence)}


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
