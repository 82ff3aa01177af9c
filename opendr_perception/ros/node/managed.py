"""A lifecycle node with typed parameters that says what is wrong with it."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ROSClock
from rclpy.clock_type import ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from opendr_perception.ros.node import parameters, services
from opendr_perception.ros.node.parameters import parameter

TELL_EVERY, WARN_EVERY = 1.0, 10.0
"""Seconds from one message of diagnostics to the next, and before something is said again about the same subject."""

LONGEST = 400
"""Characters of a text in the log and in diagnostics: what a message says of itself may be of any length."""

CLOCK_STANDS = 5.0
"""Seconds of real time without an advance of `/clock`, after which that is said."""

KEPT = "cannot be changed while the node is configured: deactivate and clean up first"

OTHERS = ("/rosout", "/parameter_events", "/diagnostics", "/clock")
"""Topics that every node has."""


@dataclass(frozen=True)
class NodeParameters:
    """Parameters of every node."""

    autostart: bool = parameter(
        True,
        "Configure and activate when the node starts. Set it to false when a lifecycle manager does that.",
        read_only=True,
    )


class ManagedNode(LifecycleNode):
    """Base of all nodes, which implement `configure`, `activate`, `deactivate` and `cleanup`: plain methods that raise.

    What they raise becomes one error line, a failed transition and an error in `/diagnostics`; the process lives on, so
    that the transition can be tried again once the cause is gone. What is made in `configure` and `activate` is undone
    by what they put on `until_cleanup` and `until_deactivate`, last things first: also when they fail half-way, and
    whatever else fails meanwhile.
    """

    NAME: ClassVar[str]
    Parameters: ClassVar[type[NodeParameters]] = NodeParameters
    DRIVES: ClassVar[bool] = False
    """True if the node moves something: such nodes are told to `stand_still`, and closed, before all others."""

    def __init__(self, **options: object) -> None:
        self._shares = cast("Mapping[str, int]", options.pop("shares", {}))  # in the place of parameters that are 0
        super().__init__(self.NAME, **options)  # type: ignore[arg-type]  # they are rclpy's own
        self.stage = "unconfigured"
        self.until_cleanup, self.until_deactivate = ExitStack(), ExitStack()
        self.params: Any = parameters.declare(self, self.Parameters, self._shares)
        self.add_pre_set_parameters_callback(self._convert_parameters)
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._take_parameters)
        self._fault, self._failures, self._failed, self._failure = "", 0, -math.inf, ""
        self._warned: dict[str, float] = {}
        self._clock_moved = (0, time.monotonic())
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # Steady time: diagnostics must not stop when simulated time does.
        self.create_timer(TELL_EVERY, self.tick, clock=Clock(clock_type=ClockType.STEADY_TIME))

    # --- what a node implements -------------------------------------------------------------------------------------

    def configure(self) -> None:
        """Load what is needed and create publishers."""

    def activate(self) -> None:
        """Start to subscribe and publish."""

    def stand_still(self) -> None:
        """Stop at once whatever this node moves, until the next `activate`.

        Comes first whenever the node is deactivated, fails to activate, or the process ends; from any thread.
        """

    def deactivate(self) -> None:
        """Stop, before what is on `until_deactivate`; keep what was loaded."""

    def cleanup(self) -> None:
        """Free what was loaded, before what is on `until_cleanup`."""

    def check_parameters(self, params: object) -> None:
        """Raise ValueError where new values cannot work now, e.g. because a file is missing: they are then refused."""

    def parameters_changed(self) -> None:
        """`self.params` has new values."""

    def diagnose(self) -> Sequence[DiagnosticStatus]:
        """Report the state of the node's parts; the base reports the node itself."""
        return ()

    def describe(self) -> str:
        """Describe the node: its inputs and outputs by full names, its model and device; said once it is active."""
        own = f"{self.get_fully_qualified_name()}/"
        heard, published = (
            ", ".join(dict.fromkeys(each.topic_name for each in ends if not each.topic_name.startswith((own, *OTHERS))))
            for ends in (self.subscriptions, self.publishers)
        )
        model, device = getattr(self.params, "model", ""), getattr(self.params, "device", "")
        runs = f"; {model} on {device}" if model and device else ""
        return f"{heard or 'nothing'} -> {published or 'nothing'}{runs}"

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
        return self._attempt("configure", self.configure, self.until_cleanup, "inactive")

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        result = self._attempt("activate", self.activate, self.until_deactivate, "active")
        if result == TransitionCallbackReturn.SUCCESS:
            self.get_logger().info(brief(f"active: {self.describe()}"))
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._fault = ""
        self._undo_activate()
        return TransitionCallbackReturn.SUCCESS

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._fault = ""
        self._undo_configure()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._unwind()
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._unwind()
        return TransitionCallbackReturn.SUCCESS

    def _attempt(self, verb: str, action: Callable[[], None], undo: ExitStack, stage: str) -> TransitionCallbackReturn:
        self._fault = ""  # before, because what is started may fail at once
        try:
            action()
        except BaseException as error:
            self._run_all(f"undo what was done to {verb}", self.stand_still, undo.close)
            if not isinstance(error, Exception):  # a signal, while models are loaded
                raise
            self.fail(f"cannot {verb}: {str(error) or type(error).__name__}")
            return TransitionCallbackReturn.FAILURE
        self.stage = stage
        return TransitionCallbackReturn.SUCCESS

    def _undo_activate(self) -> None:
        self._run_all("deactivate", self.stand_still, self.deactivate, self.until_deactivate.close)
        self.stage = "inactive"

    def _undo_configure(self) -> None:
        self._run_all("clean up", self.cleanup, self.until_cleanup.close)
        self.stage = "unconfigured"

    def _run_all(self, verb: str, *actions: Callable[[], object]) -> None:
        """Do each of them whatever the others raise: what cannot be undone must not keep the rest from it."""
        for action in actions:
            try:
                action()
            except Exception as error:  # noqa: BLE001 - as above; it is told, and the way down goes on
                self.fail(f"cannot {verb}: {str(error) or type(error).__name__}")

    def _unwind(self) -> None:
        if self.stage == "active":
            self._undo_activate()
        if self.stage == "inactive":
            self._undo_configure()

    # --- parameters -------------------------------------------------------------------------------------------------

    def create_service(self, srv_type: Any, srv_name: str, callback: Callable[..., Any], **options: Any) -> Any:
        """As rclpy's, but whoever asks is answered also when the callback fails; of rclpy's own services too."""
        return super().create_service(srv_type, srv_name, services.guarded(callback, self.note_failure), **options)

    def _convert_parameters(self, changes: list[Parameter]) -> list[Parameter]:
        return parameters.converted(self.Parameters, changes)

    def _check_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        try:
            wanted = parameters.read(self, self.Parameters, self._shares, changes)
            parameters.check(wanted)
            if self.stage != "unconfigured":
                parameters.check_kept(self.params, wanted, KEPT)
            self.check_parameters(wanted)
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _take_parameters(self, changes: list[Parameter]) -> None:
        self.params = parameters.read(self, self.Parameters, self._shares)
        self.parameters_changed()

    # --- telling ----------------------------------------------------------------------------------------------------

    def warn(self, text: str, about: str) -> None:
        """Warn, but not more often than every WARN_EVERY seconds about the same subject, whatever the text is."""
        if self._is_news(about):
            self.get_logger().warning(brief(text))

    def note(self, text: str, about: str) -> None:
        """Tell what is no fault, as seldom as `warn` does."""
        if self._is_news(about):
            self.get_logger().info(brief(text))

    def _is_news(self, about: str) -> bool:
        now = time.monotonic()
        if now - self._warned.get(about, -WARN_EVERY) < WARN_EVERY:
            return False
        if len(self._warned) > 1000:  # subjects are few; whatever happens, nothing grows without end
            self._warned.clear()
        self._warned[about] = now
        return True

    def fail(self, text: str) -> None:
        """Say that the node does not work any more, in the log and, until the next transition, in the diagnostics."""
        self._fault = text
        self.get_logger().error(text)

    def note_failure(self, what: str, error: Exception) -> None:
        """Tell of something that failed once, in a callback or a thread, and after which the node goes on."""
        kind = type(error).__name__
        self._failures, self._failed, self._failure = (
            self._failures + 1,
            time.monotonic(),
            f"{what}: {str(error) or kind}",
        )
        self.warn(f"{what}: {kind}: {error}".removesuffix(": "), f"{what} {kind}")

    def tick(self) -> None:
        """Publish diagnostics, each `TELL_EVERY`."""
        try:
            parts = self.diagnose()
        except Exception as error:  # noqa: BLE001 - a node that cannot say how its parts are must say that
            parts = ()
            self.note_failure("the state of the node cannot be told", error)
        recently = self._failure if time.monotonic() - self._failed < WARN_EVERY else ""
        doubt = recently or self._clock_problem()
        level = DiagnosticStatus.ERROR if self._fault else DiagnosticStatus.WARN if doubt else DiagnosticStatus.OK
        values = {"failures": self._failures} if self._failures else {}
        state = self.status("", level, self._fault or doubt or self.stage, values, platform.node())
        message = DiagnosticArray(status=[state, *parts])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)

    def _clock_problem(self) -> str:
        """Fault of the time that the node follows, judged by the steady clock."""
        clock = self.get_clock()
        now = clock.now().nanoseconds
        if not (isinstance(clock, ROSClock) and clock.ros_time_is_active) or now != self._clock_moved[0]:
            self._clock_moved = (now, time.monotonic())
        stood = time.monotonic() - self._clock_moved[1]
        if stood < CLOCK_STANDS:
            return ""
        cause = "has stopped" if self.count_publishers("/clock") else "has no publisher"
        problem = f"use_sim_time is set, but /clock {cause}, so that time has stood still for {stood:.0f} s"
        self.warn(problem, "/clock")
        return problem

    def status(
        self, part: str, level: bytes, message: str, values: Mapping[str, object], hardware: str = ""
    ) -> DiagnosticStatus:
        """One line of diagnostics, about the node or a part of it, and the camera or machine that it is about."""
        return DiagnosticStatus(
            name=": ".join(filter(None, (self.get_fully_qualified_name(), part))),
            level=level,
            message=brief(message),
            hardware_id=hardware,
            values=[KeyValue(key=key, value=brief(str(value))) for key, value in values.items()],
        )


def brief(text: str) -> str:
    """A text in one line of at most LONGEST characters."""
    line = " ".join(text[: 4 * LONGEST].split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
