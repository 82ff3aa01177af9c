"""Goals that take time, and goals that fail."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import rclpy
from action_msgs.msg import GoalStatus
from opendr_perception.action import IdentifyPerson
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor

from opendr_perception.ros.action_server import BackgroundActionServer


def test_a_goal_that_fails_is_aborted(graph: Any, capfd: pytest.CaptureFixture[str]) -> None:
    def fail(handle: Any) -> IdentifyPerson.Result:
        raise RuntimeError("the camera has burnt")

    node = rclpy.create_node("server", namespace=graph.namespace)
    server = BackgroundActionServer(node, IdentifyPerson, "work", fail)
    client = ActionClient(node, IdentifyPerson, "work")
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    try:
        assert client.wait_for_server(30)
        goal = client.send_goal_async(IdentifyPerson.Goal())
        graph.wait(goal.done, lambda: "no answer to the goal")
        result = goal.result().get_result_async()
        graph.wait(result.done, lambda: "no result")
        assert result.result().status == GoalStatus.STATUS_ABORTED
    finally:
        executor.shutdown()
        thread.join()
        server.destroy()
        node.destroy_node()
    assert "the camera has burnt" in capfd.readouterr().err
