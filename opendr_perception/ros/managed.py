"""A lifecycle node with typed parameters that says what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from opendr_perception.ros import parameters
from opendr_perception.ros.parameters import parameter

WARN_EVERY = 10.0
"""Seconds before the same warning is given again."""


@dataclass(frozen=True)
class NodeParameters:
    """What every node takes."""

    autostart: bool = parameter(
        True,
        "Configure and activate when the node starts. Set it to false when a lifecycle manager does that.",
        read_only=True,
    )


class ManagedNode(LifecycleNode):
    """Base of all nodes, which implement `configure`, `activate`, `deactivate` and `cleanup`: plain methods that raise.

    What they raise becomes one error line, a failed transition and an error in `/diagnostics`; the process lives on, so
    that the transition can be tried again once the cause is gone.
    """

    NAME: ClassVar[str]
    Parameters: ClassVar[type[NodeParameters]] = NodeParameters

    def __init__(self, **options: Any) -> None:
        super().__init__(self.NAME, **options)
        self.params: Any = parameters.declare(self, self.Parameters)
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._take_parameters)
        self._fault = ""
        self._warned: dict[str, float] = {}
        self.stage = "unconfigured"
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # Steady time: diagnostics must not stop when simulated time does.
        self.create_timer(1.0, self.tick, clock=Clock(clock_type=ClockType.STEADY_TIME))

    # --- what a node implements -------------------------------------------------------------------------------------

    def configure(self) -> None:
        """Load what is needed and create publishers."""

    def activate(self) -> None:
        """Start to subscribe and publish."""

    def deactivate(self) -> None:
        """Stop; keep what was loaded."""

    def cleanup(self) -> None:
        """Free what was loaded."""

    def check_parameters(self, params: Any) -> None:
        """Raise ValueError where new values cannot work now, e.g. because a file is missing: they are then refused."""

    def parameters_changed(self) -> None:
        """`self.params` has new values."""

    def diagnose(self) -> Sequence[DiagnosticStatus]:
        """How the node's parts are; the node itself is reported by the base."""
        return ()

    # --- lifecycle --------------------------------------------------------------------------------------------------

    def start(self) -> bool:
        """Configure and activate, as `autostart` does; False when that failed."""
        success = TransitionCallbackReturn.SUCCESS
        return self.trigger_configure() == success and self.trigger_activate() == success

    def close(self) -> None:
        """Stop in whatever state the node is, and destroy it."""
        self._unwind()
        self.destroy_node()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._attempt("configure", self.configure, "inactive")

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._attempt("activate", self.activate, "active")

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._attempt("deactivate", self.deactivate, "inactive")

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._attempt("clean up", self.cleanup, "unconfigured")

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._unwind()
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._unwind()
        return TransitionCallbackReturn.SUCCESS

    def _attempt(self, verb: str, action: Callable[[], None], stage: str) -> TransitionCallbackReturn:
        self._fault = ""  # before, because what is started may fail at once
        try:
            action()
        except Exception as error:  # noqa: BLE001 - any cause becomes a failed transition that can be tried again
            self.fail(f"cannot {verb}: {str(error) or type(error).__name__}")
            return TransitionCallbackReturn.FAILURE
        self.stage = stage
        return TransitionCallbackReturn.SUCCESS

    def _unwind(self) -> None:
        if self.stage == "active":
            self._attempt("deactivate", self.deactivate, "inactive")
        if self.stage == "inactive":
            self._attempt("clean up", self.cleanup, "unconfigured")

    # --- parameters -------------------------------------------------------------------------------------------------

    def _check_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        try:
            wanted = parameters.read(self, self.Parameters, changes)
            parameters.check(wanted)
            self.check_parameters(wanted)
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _take_parameters(self, changes: list[Parameter]) -> None:
        self.params = parameters.read(self, self.Parameters)
        self.parameters_changed()

    # --- telling ----------------------------------------------------------------------------------------------------

    def warn(self, text: str, about: str = "") -> None:
        """Warn, but not more often than every WARN_EVERY seconds about the same thing."""
        now = time.monotonic()
        if now - self._warned.get(about or text, -WARN_EVERY) >= WARN_EVERY:
            if len(self._warned) > 1000:  # texts with changing numbers must not grow without end
                self._warned.clear()
            self._warned[about or text] = now
            self.get_logger().warning(text)

    def fail(self, text: str) -> None:
        """Say that the node does not work any more, in the log and, until the next transition, in the diagnostics."""
        self._fault = text
        self.get_logger().error(text)

    def tick(self) -> None:
        """Once a second: publish diagnostics."""
        level = DiagnosticStatus.ERROR if self._fault else DiagnosticStatus.OK
        state = self.status("", level, self._fault or self.stage, {})
        message = DiagnosticArray(status=[state, *self.diagnose()])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)

    def status(self, part: str, level: bytes, message: str, values: dict[str, Any]) -> DiagnosticStatus:
        """One line of diagnostics, about the node or a part of it."""
        return DiagnosticStatus(
            name=": ".join(filter(None, (self.get_fully_qualified_name(), part))),
            level=level,
            message=message,
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )
