"""An executor that outlives what its callbacks raise."""

from __future__ import annotations

from typing import Any

from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
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
