"""A fault in one callback hurts nobody else."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from std_msgs.msg import String
from std_srvs.srv import Trigger

from opendr_perception.ros.node import ExecutorThread, spinning
from opendr_perception.ros.node.managed import ManagedNode


class Fragile(ManagedNode):
    """Fails in every kind of callback."""

    NAME = "fragile"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.heard: list[str] = []
        self.ticks = 0
        self.create_subscription(String, "words", self._listen, 10)
        self.create_service(Trigger, "~/shatter", self._shatter)
        self.create_timer(0.05, self._fail)

    def _listen(self, message: String) -> None:
        self.heard.append(message.data)
        raise KeyError(message.data)

    def _shatter(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        raise OSError("in a thousand pieces")

    def _fail(self) -> None:
        self.ticks += 1
        if self.ticks % 2:
            raise ZeroDivisionError


class Sound(ManagedNode):
    """Lives beside it."""

    NAME = "sound"


def test_callbacks_that_raise_are_told_and_everything_goes_on(graph: Any, capfd: Any) -> None:
    node = graph.run(Fragile)
    graph.run(Sound)
    words = graph.publisher(String, "words")
    for count in range(1, 4):
        words.publish(String(data="boo"))
        graph.wait(lambda count=count: len(node.heard) == count, lambda: f"only {node.heard}")
    answer = graph.call(Trigger, "fragile/shatter", Trigger.Request())
    assert (answer.success, answer.message) == (False, "in a thousand pieces")
    seen = node.ticks
    graph.wait(lambda: node.ticks > seen + 3, lambda: "the timer has stopped")
    values = graph.diagnosis("fragile", "failed")
    assert values["level"] == "1"
    assert int(values["failures"]) >= 3
    assert graph.diagnosis("sound", "active")["level"] == "0"
    log = capfd.readouterr().err
    assert log.count("a callback failed: KeyError: 'boo'") == 1, "the same is not told again and again"
    assert log.count("ZeroDivisionError") == 1


class Watched(SingleThreadedExecutor):
    """Knows whether it was shut down while it was still in use."""

    busy = taken = False

    def spin_once(self, timeout_sec: float | None = None) -> None:
        self.busy = True
        super().spin_once(timeout_sec)
        self.busy = False

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        self.taken = self.busy
        return super().shutdown(timeout_sec)


class Broken(SingleThreadedExecutor):
    """Cannot wait for anything."""

    def wait_for_ready_callbacks(self, *arguments: Any, **options: Any) -> Any:
        raise RuntimeError("no memory")


class Leaving(SingleThreadedExecutor):
    """Ends its thread in a way that is no error."""

    def wait_for_ready_callbacks(self, *arguments: Any, **options: Any) -> Any:
        raise SystemExit


def test_what_spins_in_a_thread_is_not_shut_down_while_it_is_in_use(graph: Any) -> None:
    node, executor, ticked = rclpy.create_node("ticking", namespace=graph.namespace), Watched(), threading.Event()
    timer = node.create_timer(0.01, ticked.set)
    with spinning([node], executor):
        assert ticked.wait(10)
        timer.cancel()  # from now on it waits for ever
    assert not executor.taken
    node.destroy_node()


def test_an_error_of_the_middleware_ends_the_thread_and_is_told(graph: Any) -> None:
    told: queue.Queue[Exception | None] = queue.Queue()
    thread = ExecutorThread(Broken(), told.put)
    assert str(told.get(timeout=10)) == "no memory"
    thread.close(1.0)
    with pytest.raises(RuntimeError, match="no memory"), spinning([], Broken()):
        pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is what is tested
def test_whatever_ends_the_thread_its_end_is_told(graph: Any) -> None:
    told: queue.Queue[Exception | None] = queue.Queue()
    thread = ExecutorThread(Leaving(), told.put)
    assert told.get(timeout=10) is None
    thread.close(1.0)


def test_a_callback_that_does_not_return_is_left_behind(graph: Any) -> None:
    node, executor = rclpy.create_node("stuck", namespace=graph.namespace), Watched()
    entered, go = threading.Event(), threading.Event()
    node.create_timer(0.01, lambda: (entered.set(), go.wait(10)))
    executor.add_node(node)
    ends: list[Exception | None] = []
    thread = ExecutorThread(executor, ends.append)
    assert entered.wait(10)
    begun = time.monotonic()
    thread.close(0.1)
    assert time.monotonic() - begun < 5 and not ends
    go.set()
    thread.close()
    assert ends == [None] and not executor.taken
    node.destroy_node()
