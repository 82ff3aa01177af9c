"""Trials of `view_control`: it moves a robot, something goes wrong, and its commands are heard."""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from geometry_msgs.msg import TwistStamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.client import Client
from rclpy.publisher import Publisher
from rclpy.task import Future
from std_srvs.srv import SetBool

from opendr_perception.action import IdentifyPerson
from opendr_perception.active.control import LONGEST_STEP, Limits
from opendr_perception.active.surroundings import STILL
from opendr_perception.bench.view.faulty_robot import PERIOD, Failures, HeardCommand, Robot

FAST = 0.1
"""m/s, from which on it moves."""
WATCHED = 0.9
"""s after the fault, in which commands are heard."""
LONGEST = 60.0
"""s for what takes a few."""
ATTEMPTS = 10


class Trials:
    """One `view_control` under test.

    Args:
        robot: that it moves.
        program: the process that it runs in.
    """

    def __init__(self, robot: Robot, program: subprocess.Popen[bytes]) -> None:
        self.robot, self.program = robot, program
        self.inactive = self.stopped = False
        self._goals: list[Any] = []
        self._lifecycle: Client = robot.create_client(ChangeState, "view_control/change_state")
        self._stop: Client = robot.create_client(SetBool, "view_control/stop")
        self._commander: Publisher | None = None
        if not self.robot.goals.wait_for_server(LONGEST):
            raise RuntimeError("view_control does not start")

    def provoke(self, fault: Callable[[Trials], object], delay: float) -> tuple[float, Sequence[HeardCommand]]:
        """Let the robot move, let something fail a while later, and look what happens.

        Returns:
            Seconds from the fault to the end of the last motion, and all commands of the trial.
        """
        self._set_in_motion()
        time.sleep(delay)
        began = time.monotonic()
        fault(self)
        time.sleep(max(0.0, began + WATCHED - time.monotonic()))
        with self.robot.changed:
            heard = tuple(self.robot.heard)
            self.robot.failures = Failures()
        return stopped_after(heard, began), heard

    def _set_in_motion(self) -> None:
        """On a busy machine the robot may stop for want of news before anything is made to fail: try again then."""
        for _ in range(ATTEMPTS):
            self.robot.begin()
            if self._moves(self.answer(self.ask("random")).get_result_async()):
                return
            self._goals.clear()
        raise RuntimeError("the robot does not move")

    def _moves(self, result: Future) -> bool:
        """Wait until it moves; False when the goal ends before."""
        self._wait(lambda: self.robot.velocity.speed > FAST or result.done(), "neither motion nor an answer")
        return not result.done()

    def ask(self, policy: str) -> Future:
        """Send a goal; its handle is in the future."""
        self._goals.append(self.robot.goals.send_goal_async(IdentifyPerson.Goal(policy=policy)))
        return self._goals[-1]

    def cancel(self) -> None:
        """Cancel all goals."""
        for goal in self._goals:
            if goal.done():
                goal.result().cancel_goal_async()

    def command(self) -> None:
        """Be a second commander, who says nothing yet."""
        self._commander = self.robot.create_publisher(TwistStamped, "cmd_vel", 1)

    def stop(self, stopped: bool = True) -> Future:
        """Stop the robot, or let it move again; the answer is in the future."""
        self.stopped = stopped
        return self._stop.call_async(SetBool.Request(data=stopped))

    def change_state(self, transition: int) -> Future:
        """Ask for a transition; the answer is in the future."""
        self.inactive = transition == Transition.TRANSITION_DEACTIVATE
        return self._lifecycle.call_async(ChangeState.Request(transition=Transition(id=transition)))

    def clear_up(self) -> None:
        """Wait until nothing is under way, and the node is active."""
        handles = [self.answer(goal) for goal in self._goals]
        self.cancel()
        for handle in handles:
            if handle.accepted:
                self.answer(handle.get_result_async())
        self._goals.clear()
        if self.inactive:
            self.answer(self.change_state(Transition.TRANSITION_ACTIVATE))
        if self.stopped:
            self.answer(self.stop(False))
        if self._commander is not None:
            self.robot.destroy_publisher(self._commander)
            self._commander = None

    def answer(self, future: Future) -> Any:
        """Wait for an answer."""
        self._wait(future.done, "no answer")
        return future.result()

    def _wait(self, done: Callable[[], bool], missing: str) -> None:
        deadline = time.monotonic() + LONGEST
        with self.robot.changed:
            while not done():
                if time.monotonic() > deadline:
                    raise RuntimeError(f"view_control: {missing}")
                self.robot.changed.wait(0.01)


def stopped_after(heard: Sequence[HeardCommand], began: float) -> float:
    """Seconds from a moment to the first zero that nothing but zeros follow; infinite if there is none."""
    last = max((k for k, command in enumerate(heard) if command.velocity != STILL), default=-1)
    end = next((command.moment for command in heard[last + 1 :] if command.moment >= began), math.inf)
    return end - began if last + 1 < len(heard) else math.inf


def violations(heard: Sequence[HeardCommand], limits: Limits) -> int:
    """Number of commands beyond the limits; one period is granted, as they are not heard at the loop's own times."""
    count = 0
    for before, now in pairwise([HeardCommand(0.0, 0.0, STILL), *heard]):
        told = now.stamp - before.stamp
        seconds = max(now.moment - before.moment, told if 0 <= told < 1 else 0.0)
        seconds = min(seconds, LONGEST_STEP)  # after a pause it begins at rest; or the clock was set
        a, b = before.velocity, now.velocity
        too_fast = b.speed > limits.max_linear + 1e-6 or abs(b.yaw) > limits.max_angular + 1e-6
        change, turn = math.hypot(b.x - a.x, b.y - a.y), abs(b.yaw - a.yaw)
        seconds += PERIOD
        sudden = change > limits.max_acceleration * seconds or turn > limits.max_angular_acceleration * seconds
        count += too_fast or (b != STILL and sudden)
    return count
