"""An action server whose goals take time without keeping the executor from its other work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from rclpy.action import ActionServer
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node

PATIENCE = 2.0
"""Seconds that goals have to end when the server is destroyed."""


class BackgroundActionServer(ActionServer):
    """Runs each goal in a thread of its own, and answers from the executor as usual.

    A goal that waits in the executor's thread would stop the node; one that is a coroutine is asked again and again
    whether it is done, which costs a whole core. A goal that fails is aborted, and the error is logged.
    """

    def __init__(self, node: Node, *arguments: Any, **options: Any) -> None:
        self._serves = node
        self._threads: list[threading.Thread] = []
        self._destroyed = False
        super().__init__(node, *arguments, **options)

    def destroy(self) -> None:
        """Serve no more. Goals, which must have been told, have a while to end; who ends later is not heard."""
        deadline = time.monotonic() + PATIENCE
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._destroyed = True
        super().destroy()

    def notify_execute(
        self, goal_handle: ServerGoalHandle, execute_callback: Callable[[ServerGoalHandle], object] | None
    ) -> None:
        callback = execute_callback or self._execute_callback
        assert callback is not None

        def work() -> None:
            outcome: Future = Future()
            try:
                outcome.set_result(callback(goal_handle))
            except Exception as error:  # noqa: BLE001 - rclpy logs it, and aborts the goal
                outcome.set_exception(error)
            executor = self._serves.executor
            if executor is not None and not self._destroyed:
                # In the executor: one that has ended would be left with a coroutine that nobody awaits.
                executor.create_task(ActionServer.notify_execute, self, goal_handle, lambda _: outcome.result())

        self._threads = [thread for thread in self._threads if thread.is_alive()]
        self._threads.append(threading.Thread(target=work, name="goal", daemon=True))
        self._threads[-1].start()
