"""The service `~/stop`: a robot that is stopped stands until it is told that it may move again."""

from __future__ import annotations

from collections.abc import Callable

from std_srvs.srv import SetBool

from opendr_perception.active.control import STOP, Interlocks
from opendr_perception.ros.node import ManagedNode


class StopLock:
    """Serves as long as its node lives, in every state of its lifecycle.

    Args:
        node: what is stopped.
        interlocks: hold the stop, and outlive goals, deactivation and configuration.
        changed: is told that the robot was stopped, or released.
    """

    def __init__(self, node: ManagedNode, interlocks: Interlocks, changed: Callable[[], None]) -> None:
        self._node, self.interlocks, self._changed = node, interlocks, changed
        self.reason = f"stopped by {node.get_fully_qualified_name()}/stop"
        node.create_service(SetBool, "~/stop", self._answer)

    @property
    def engaged(self) -> bool:
        """True if the robot is stopped."""
        return bool(self.interlocks.of(STOP))

    def _answer(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        before = self.engaged
        if request.data:
            self.interlocks.engage(STOP, self.reason)
        else:
            self.interlocks.release(STOP)
        if request.data or before:
            self._changed()
        response.success, response.message = True, self.reason if request.data else "released: the robot may move again"
        self._node.get_logger().warning(response.message)
        return response
