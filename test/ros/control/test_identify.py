"""The action `~/identify`: what a goal asks for, what the node allows, and what is answered."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import rclpy
from action_msgs.msg import GoalStatus
from builtin_interfaces.msg import Duration
from opendr_perception.action import IdentifyPerson
from rclpy.action import ActionClient

from opendr_perception.active.identification import Goal, Outcome
from opendr_perception.active.perception.observation import FaceObservation, Recognition
from opendr_perception.active.policies.baselines import Static
from opendr_perception.ros.control.identify import IdentifyAction
from opendr_perception.ros.node import spinning
from opendr_perception.tasks.imaging.image import Image

VIEW = FaceObservation(
    Image(np.zeros((8, 8, 3), np.uint8), "bgr8"), np.zeros(4), np.zeros((6, 2)), Recognition("ann", 0.4)
)
DEFAULT = Goal(confidence=0.35, max_moves=4)


@dataclass
class Episodes:
    """Notes what is asked for, and answers at once; or when it is interrupted."""

    asked: list[Any] = field(default_factory=list)
    patient: bool = False
    failure: str = ""
    interruption: str = ""
    told: threading.Event = field(default_factory=threading.Event)

    def run(self, track: str, policy: Any, goal: Goal, timeout: float, report: Callable[..., None]) -> Outcome:
        self.asked.append((track, goal, timeout))
        report("deciding", VIEW, 2)
        if self.patient:
            assert self.told.wait(20)
        return Outcome((VIEW,), 2, self.interruption or "recognised", interrupted=bool(self.interruption))

    def interrupt(self, reason: str) -> None:
        self.interruption = reason
        self.told.set()


class Client:
    def __init__(self, graph: Any) -> None:
        self.graph, self.feedback = graph, []  # type: ignore[var-annotated]
        self.active: list[Any] = [Episodes()]
        self.node = rclpy.create_node("control", namespace=graph.namespace)
        action = IdentifyAction(
            self.node,  # type: ignore[arg-type]  # of a managed node it takes the logger alone
            lambda: self.active[0],
            lambda name: {"": Static, "static": Static}[name](),
            lambda: (DEFAULT, 60.0),
        )
        self._close = action.close
        self._client: Any = ActionClient(self.node, IdentifyPerson, "control/identify")

    def send(self, **fields: Any) -> Any:
        assert self._client.wait_for_server(30)
        future = self._client.send_goal_async(
            IdentifyPerson.Goal(**fields), feedback_callback=lambda message: self.feedback.append(message.feedback)
        )
        self.graph.wait(future.done, lambda: "no answer to the goal")
        return future.result()

    def result(self, handle: Any) -> Any:
        future = handle.get_result_async()
        self.graph.wait(future.done, lambda: "no result")
        return future.result()


@pytest.fixture
def client(graph: Any) -> Iterator[Client]:
    client = Client(graph)
    with spinning([client.node]):
        yield client
    client._close()
    client.node.destroy_node()


def test_a_goal_gets_what_it_asks_for_but_not_more_moves_than_allowed(client: Client) -> None:
    timeout = Duration(sec=7, nanosec=500_000_000)
    first = client.result(client.send(track_id="7", confidence=0.6, max_moves=9, timeout=timeout))
    client.result(client.send(max_moves=1))
    (track, goal, seconds), (other, usual, limit) = client.active[0].asked
    assert (track, goal.confidence, goal.max_moves, seconds) == ("7", pytest.approx(0.6), 4, 7.5)
    assert (other, usual.confidence, usual.max_moves, limit) == ("", 0.35, 1, 60.0)
    result = first.result
    assert (result.success, result.identity, result.moves, result.message) == (True, "ann", 2, "recognised")
    assert client.feedback[0].identity == "ann"
    assert client.feedback[0].confidence == pytest.approx(0.4)


def test_a_goal_that_is_cancelled_says_so(client: Client) -> None:
    client.active[0].patient = True
    handle = client.send()
    handle.cancel_goal_async()
    answer = client.result(handle)
    assert answer.status == GoalStatus.STATUS_CANCELED
    assert answer.result.message == "cancelled"


def test_an_episode_that_is_interrupted_aborts_its_goal(client: Client) -> None:
    client.active[0].interruption = "a newer goal has come"
    assert client.result(client.send()).status == GoalStatus.STATUS_ABORTED


@pytest.mark.parametrize(
    "fields", [{"confidence": math.nan}, {"confidence": 1.5}, {"timeout": Duration(sec=-1)}], ids=str
)
def test_goals_that_make_no_sense_are_rejected(client: Client, fields: dict[str, Any]) -> None:
    assert not client.send(**fields).accepted


def test_while_the_node_is_not_active_all_goals_are_rejected(client: Client) -> None:
    client.active[0] = None
    assert not client.send().accepted


def test_goals_are_rejected_with_the_reason_when_the_robot_cannot_be_moved(
    client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    client.active[0].failure = "the control loop failed: no middleware"
    assert not client.send().accepted
    assert (
        "a goal is rejected: the control loop failed: no middleware; deactivate and activate" in capfd.readouterr().err
    )
    assert client.active[0].asked == []
