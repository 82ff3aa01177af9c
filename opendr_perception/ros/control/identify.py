"""The action `~/identify`: goals become episodes, phases become feedback."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rclpy.action import CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle

from opendr_perception.action import IdentifyPerson
from opendr_perception.active.identification import Goal, Interrupted, Outcome
from opendr_perception.active.improvement import Improvement, ViewAnswer
from opendr_perception.active.perception import FaceObservation
from opendr_perception.active.policies import ExpectedGain, ViewPolicy
from opendr_perception.ros.control.action_server import BackgroundActionServer
from opendr_perception.ros.control.episodes import Episodes
from opendr_perception.ros.node import ManagedNode

NANOSECOND = 1e-9


class IdentifyAction:
    """Serves the action until `close`.

    Args:
        node: whose action it is.
        episodes: gives the running ones; None when the node does not run any now.
        policy: the policy of a name, or the one for what else is looked for; ValueError or an error of the zoo when
            it cannot be had.
        default: the goal and the timeout, s, where a request does not say.
    """

    def __init__(
        self,
        node: ManagedNode,
        episodes: Callable[[], Episodes | None],
        policy: Callable[[str], ViewPolicy | ExpectedGain],
        default: Callable[[], tuple[Goal, float]],
    ) -> None:
        self._node, self._episodes, self._policy, self._default = node, episodes, policy, default
        self._server = BackgroundActionServer(
            node,
            IdentifyPerson,
            "~/identify",
            self._execute,
            goal_callback=self._accept,
            cancel_callback=self._cancel,
        )

    def close(self) -> None:
        """Serve no more."""
        self._server.destroy()

    def _accept(self, request: IdentifyPerson.Goal) -> GoalResponse:
        episodes = self._episodes()
        if episodes is None:
            return self._reject("the node is not active")
        if episodes.failure:
            return self._reject(f"{episodes.failure}; deactivate and activate the node when the cause is gone")
        if not math.isfinite(request.confidence) or request.confidence > 1:
            return self._reject(f"confidence must be at most 1, got {request.confidence}")
        if request.timeout.sec < 0:
            return self._reject("the timeout is negative")
        try:
            self._policy(request.policy)
        except (ValueError, RuntimeError, OSError) as error:
            return self._reject(str(error))
        return GoalResponse.ACCEPT

    def _reject(self, reason: str) -> GoalResponse:
        self._node.get_logger().error(f"a goal is rejected: {reason}")
        return GoalResponse.REJECT

    def _cancel(self, handle: ServerGoalHandle) -> CancelResponse:
        episodes = self._episodes()
        if episodes is not None and handle.is_active:
            episodes.interrupt("cancelled")
        return CancelResponse.ACCEPT

    def _execute(self, handle: ServerGoalHandle) -> IdentifyPerson.Result:
        request, episodes = handle.request, self._episodes()
        if episodes is None:
            handle.abort()
            return IdentifyPerson.Result(message="the node is not active")
        goal, timeout = self._goal(request)

        def report(phase: str, view: FaceObservation | ViewAnswer | None, moves: int) -> None:
            if handle.is_cancel_requested:  # also one that came before the episode began
                raise Interrupted("cancelled")
            feedback: Any = IdentifyPerson.Feedback(phase=phase, confidence=math.nan, moves=moves)
            if isinstance(view, ViewAnswer):
                feedback.confidence, feedback.pan = view.confidence, view.pan
            elif view is not None:
                feedback.identity = view.recognition.identity if view.recognition.accepted else ""
                feedback.confidence, feedback.pan = view.recognition.confidence, view.pan
            handle.publish_feedback(feedback)

        outcome = episodes.run(request.track_id, self._policy(request.policy), goal, timeout, report)
        if handle.is_cancel_requested:
            handle.canceled()
        elif outcome.interrupted:
            handle.abort()
        else:
            handle.succeed()
        return IdentifyPerson.Result(
            success=outcome.success,
            identity=outcome.identity,
            confidence=outcome.confidence,
            moves=outcome.moves,
            message=_said(outcome),
        )

    def _goal(self, request: IdentifyPerson.Goal) -> tuple[Goal, float]:
        """Goal of a request: its own values where it has some, never more than the node allows."""
        goal, timeout = self._default()
        asked = request.timeout.sec + request.timeout.nanosec * NANOSECOND
        return (
            replace(
                goal,
                confidence=request.confidence if request.confidence > 0 else goal.confidence,
                max_moves=min(request.max_moves or goal.max_moves, goal.max_moves),
            ),
            asked or timeout,
        )


def _said(outcome: Outcome | Improvement) -> str:
    """Reason of the end, after the action or the expression that is told."""
    label = outcome.label if isinstance(outcome, Improvement) else ""
    return f"{label}: {outcome.message}" if label else outcome.message
