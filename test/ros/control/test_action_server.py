"""Goals that take time, and goals that fail."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import rclpy
from action_msgs.msg import GoalStatus
from opendr_perception.action import IdentifyPerson
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor

from opendr_perception.ros.control.action_server import BackgroundActionServer
from opendr_perception.ros.node import spinning


@contextmanager
def serving(graph: Any, execute: Callable[[Any], IdentifyPerson.Result]) -> Iterator[Any]:
    """The handle of a goal that a server works on; at the end the server is destroyed."""
    node = rclpy.create_node("server", namespace=graph.namespace)
    server = BackgroundActionServer(node, IdentifyPerson, "work", execute)
    client: Any = ActionClient(node, IdentifyPerson, "work")
    try:
        with spinning([node]):
            assert client.wait_for_server(30)
            goal = client.send_goal_async(IdentifyPerson.Goal())
            graph.wait(goal.done, lambda: "no answer to the goal")
            yield goal.result()
    finally:
        server.destroy()
        node.destroy_node()


def test_a_goal_that_fails_is_aborted(graph: Any, capfd: pytest.CaptureFixture[str]) -> None:
    def fail(handle: Any) -> IdentifyPerson.Result:
        raise RuntimeError("the camera has burnt")

    with serving(graph, fail) as goal:
        result = goal.get_result_async()
        graph.wait(result.done, lambda: "no result")
        assert result.result().status == GoalStatus.STATUS_ABORTED
    assert "the camera has burnt" in capfd.readouterr().err


def test_a_goal_that_hangs_does_not_keep_the_server_from_its_end(graph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opendr_perception.ros.control.action_server.PATIENCE", 0.1)
    begun, free, ended = threading.Event(), threading.Event(), threading.Event()

    def hang(handle: Any) -> IdentifyPerson.Result:
        begun.set()
        free.wait(20)
        ended.set()
        return IdentifyPerson.Result()

    with serving(graph, hang):
        assert begun.wait(20)
    assert not ended.is_set(), "the server has not waited for it"
    free.set()
    assert ended.wait(20)


@pytest.mark.filterwarnings("error::RuntimeWarning", "error::pytest.PytestUnraisableExceptionWarning")
def test_a_goal_that_ends_after_the_executor_leaves_nothing_that_nobody_awaits(graph: Any) -> None:
    begun, free = threading.Event(), threading.Event()

    def work(handle: Any) -> IdentifyPerson.Result:
        begun.set()
        free.wait(20)
        return IdentifyPerson.Result()

    node = rclpy.create_node("server", namespace=graph.namespace)
    server = BackgroundActionServer(node, IdentifyPerson, "work", work)
    client: Any = ActionClient(node, IdentifyPerson, "work")
    executor = SingleThreadedExecutor()
    with spinning([node], executor):
        assert client.wait_for_server(30)
        client.send_goal_async(IdentifyPerson.Goal())
        assert begun.wait(20)
    free.set()
    server.destroy()
    node.destroy_node()
    del executor, server, client
    gc.collect()
