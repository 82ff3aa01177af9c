"""An executor that outlives what its callbacks raise, and executors that spin in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
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


@contextmanager
def spinning(nodes: Sequence[Node], executor: Executor | None = None) -> Iterator[None]:
    """Spin nodes in a second thread, which ends by itself: shut down from outside, rclpy may take what it still uses.

    Args:
        nodes: that are added at the beginning.
        executor: of them, an ordinary one by default.
    """
    chosen = executor or SingleThreadedExecutor()
    for node in nodes:
        chosen.add_node(node)
    ended = threading.Event()

    def spin() -> None:
        while chosen.context.ok() and not ended.is_set():
            chosen.spin_once()

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        chosen.create_task(lambda: None)  # wakes it
        thread.join()
        chosen.shutdown()
