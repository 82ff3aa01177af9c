"""An executor that outlives what its callbacks raise, and executors that spin in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from opendr_perception.ros.node.managed import ManagedNode


class GuardedExecutor(SingleThreadedExecutor):
    """Tells a node what its callback has raised, and goes on: a fault of one node is no fault of the others."""

    def __init__(self) -> None:
        super().__init__()
        self._calling = False
        self._owner: Node | None = None

    def wait_for_ready_callbacks(self, *arguments: Any, **options: Any) -> Any:
        self._calling = False
        ready = super().wait_for_ready_callbacks(*arguments, **options)
        self._calling, self._owner = True, ready[2]
        return ready

    def spin_once(self, timeout_sec: float | None = None) -> None:
        try:
            super().spin_once(timeout_sec)
        except ExternalShutdownException:
            raise
        except Exception as error:
            owner = self._owner or next(iter(self.get_nodes()), None)  # tasks have no owner
            if not self._calling or not isinstance(owner, ManagedNode):
                raise
            owner.note_failure("a callback failed", error)


class ExecutorThread:
    """A thread that spins an executor, and ends by itself: shut down from outside, rclpy may take what it still uses.

    Args:
        executor: with its nodes.
        ended: is called in the thread at its end, whatever has led to it: with the error of the middleware if it was
            one, else with None.
    """

    def __init__(self, executor: Executor, ended: Callable[[Exception | None], None]) -> None:
        self._executor, self._ended, self._closing = executor, ended, threading.Event()
        self._thread = threading.Thread(target=self._spin, name="executor", daemon=True)
        self._thread.start()

    def close(self, patience: float | None = None) -> None:
        """End it, and shut the executor down; a callback that does not return in time, s, is left behind."""
        self._closing.set()
        if self._thread.is_alive():
            self._executor.create_task(lambda: None)  # wakes it
        self._thread.join(patience)
        if not self._thread.is_alive():
            self._executor.shutdown()

    def _spin(self) -> None:
        error = None
        try:
            while self._executor.context.ok() and not self._closing.is_set():
                self._executor.spin_once()
        except Exception as raised:  # noqa: BLE001 - the thread's owner shall know
            error = raised
        finally:
            self._ended(error)


@contextmanager
def spinning(nodes: Sequence[Node], executor: Executor | None = None) -> Iterator[None]:
    """Spin nodes in a second thread.

    Args:
        nodes: that are added at the beginning.
        executor: of them, an ordinary one by default.

    Raises:
        Exception: at the end, what has ended the thread before.
    """
    chosen = executor or SingleThreadedExecutor()
    for node in nodes:
        chosen.add_node(node)
    ends: list[Exception | None] = []
    thread = ExecutorThread(chosen, ends.append)
    try:
        yield
    finally:
        thread.close()
    for error in filter(None, ends):
        raise error
