"""State of a node that moves a robot: the topic `~/state`, and its line of diagnostics."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticStatus
from std_msgs.msg import String

from opendr_perception.active.control import Status
from opendr_perception.ros.control.drive_loop import DriveLoop
from opendr_perception.ros.control.stop_lock import StopLock
from opendr_perception.ros.node import ManagedNode, qos


class MotionState:
    """Publishes the state whenever it changes, until `close`.

    Args:
        node: whose state it is.
        stop: comes before every other state.
    """

    def __init__(self, node: ManagedNode, stop: StopLock) -> None:
        self._node, self._stop, self._said = node, stop, ""
        self._publisher = node.create_publisher(String, "~/state", qos.latest())
        self.say("idle")

    def close(self) -> None:
        """Take the topic away."""
        self._node.destroy_publisher(self._publisher)

    def say(self, state: str) -> None:
        """Publish a state, if it is another one."""
        state = "stopped" if self._stop.engaged else state
        if state != self._said:
            self._said = state
            self._publisher.publish(String(data=state))

    def held(self, status: Status) -> None:
        """Say that a move is held, or goes on."""
        if status in (Status.HELD, Status.MOVING):
            self.say(status.value)

    def diagnose(self, drive: DriveLoop | None, fault: str) -> DiagnosticStatus:
        """Return the line of diagnostics.

        Args:
            drive: moves the robot; None when the node is not active.
            fault: of the base; '' for none.
        """
        level, text, values = DiagnosticStatus.OK, self._said, {}
        if drive is not None:
            with drive.lock:
                controller = drive.controller
                travelled = round(controller.travelled, 2)
                values = {"last move": controller.status.value, "reason": controller.reason, "travelled (m)": travelled}
                level = DiagnosticStatus.WARN if controller.status is Status.HELD else level
        if forbidden := self._stop.interlocks.reason:
            level, text = DiagnosticStatus.WARN, forbidden
        if fault:
            level, text = DiagnosticStatus.ERROR, fault
        return self._node.status("motion", level, text, values)
