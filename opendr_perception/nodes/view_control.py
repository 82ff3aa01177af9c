"""Node `view_control`: moves the robot around a person until it recognises them, within limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.duration import Duration
from std_msgs.msg import Header, String

from opendr_perception.active.geometry import Velocity
from opendr_perception.active.identification import Goal
from opendr_perception.active.pilot import Pilot, Status, Timeouts
from opendr_perception.active.policies import POLICIES, Policies
from opendr_perception.active.policy import ViewPolicy
from opendr_perception.active.recognition import GalleryRecogniser
from opendr_perception.ros import qos
from opendr_perception.ros.control_topics import ControlTopics
from opendr_perception.ros.drive_loop import DriveLoop
from opendr_perception.ros.episodes import Episodes
from opendr_perception.ros.explorer import TopicExplorer
from opendr_perception.ros.identify_action import IdentifyAction
from opendr_perception.ros.managed import ManagedNode
from opendr_perception.ros.motion_parameters import ExplorerParameters
from opendr_perception.ros.parameters import parameter
from opendr_perception.ros.people import load_session
from opendr_perception.ros.run import main
from opendr_perception.ros.unasked import UnaskedEpisodes

LAST_WORD = Duration(seconds=0.5)
"""How long a base that has not heard the last zero yet is waited for."""


@dataclass(frozen=True)
class Parameters(ExplorerParameters):
    """What `view_control` takes."""

    policy: str = parameter("auto", "How views are chosen, where a goal does not say.", choices=POLICIES)
    published: bool = parameter(
        False, "Choose views by the publications' constants; a first view is then never enough.", read_only=True
    )
    confidence: float = parameter(
        0.35, "Identity confidence from which on the robot is content, where a goal does not say.", maximum=1.0
    )
    max_moves: int = parameter(
        4, "Largest number of moves for one person; a goal may ask for fewer.", minimum=0, maximum=255
    )
    max_pan: float = parameter(
        1.31, "How far the robot goes around a person, to each side, rad.", minimum=0.0, maximum=3.14
    )
    max_travel: float = parameter(3.0, "Length of all moves for one person together, m.", minimum=0.0)
    timeout: float = parameter(60.0, "Seconds for one person, where a goal does not say.", minimum=1.0, maximum=3600.0)
    continuous: bool = parameter(
        False,
        "Begin by itself with everybody who comes into view and is not recognised. The robot then moves unasked.",
    )
    cooldown: float = parameter(60.0, "Seconds before the same person is looked at again unasked.", minimum=0.0)


class ViewControl(ManagedNode):
    """faces, image_raw, camera_info, scan -> cmd_vel; the action `~/identify`."""

    NAME = "view_control"
    Parameters = Parameters
    DRIVES = True
    _episodes: Episodes | None = None
    _said = ""

    def configure(self) -> None:
        load = partial(load_session, params=self.params)
        embedder = load(self.params.embedder)
        self._recogniser = GalleryRecogniser.open(self.params.embedder, embedder, self.params.gallery)
        self._policies = Policies(self._recogniser, load, self.params.published, self.params.reinforcement_model)
        self._policies.get(self.params.policy)  # what it lacks shall be known now
        self._commands = self.create_publisher(
            TwistStamped if self.params.stamped else Twist, "cmd_vel", qos.result(depth=1)
        )
        self.until_cleanup.callback(self.destroy_publisher, self._commands)
        self.until_cleanup.callback(self._commands.wait_for_all_acked, LAST_WORD)
        self._states = self.create_publisher(String, "~/state", qos.latest())
        self.until_cleanup.callback(self.destroy_publisher, self._states)
        action = IdentifyAction(self, lambda: self._episodes, self._policy, self._goal)
        self.until_cleanup.callback(action.close)

    def activate(self) -> None:
        pilot = Pilot(self.params.motion, self.params.limits, Timeouts(command=self.params.command_timeout))
        self._drive = DriveLoop(pilot, self._command, self._seconds, self.fail, self._held)
        explorer = TopicExplorer(self._drive, self._recogniser, self.params.face_size, self.warn)
        episodes = Episodes(explorer, self._drive, self._say)
        self.until_deactivate.callback(self._wait_for, episodes)
        self.until_deactivate.callback(self._drive.stop)
        topics = ControlTopics(self, explorer, self._drive)
        self.until_deactivate.callback(topics.close)
        self._unasked = UnaskedEpisodes(explorer, episodes, lambda: self._policy(""), self._goal, self.note_failure)
        self._say("idle")
        self._episodes = episodes

    def stand_still(self) -> None:
        episodes, self._episodes = self._episodes, None
        if episodes is not None:
            episodes.close("the node stops")

    def cleanup(self) -> None:
        del self._policies, self._recogniser

    def _wait_for(self, episodes: Episodes) -> None:
        if not episodes.wait():
            self.warn("a decision does not come to its end, and is not waited for")

    def tick(self) -> None:
        if self._episodes is not None and self.params.continuous:
            self._unasked.look_around(self.params.cooldown)
        super().tick()

    def diagnose(self) -> Sequence[DiagnosticStatus]:
        if self._episodes is None:
            return ()
        with self._drive.lock:
            pilot = self._drive.pilot
            travelled = round(pilot.travelled, 2)
            values = {"last move": pilot.status.value, "reason": pilot.reason, "travelled (m)": travelled}
            level = DiagnosticStatus.WARN if pilot.status is Status.HELD else DiagnosticStatus.OK
        return [self.status("motion", level, self._said, values)]

    def _policy(self, name: str) -> ViewPolicy:
        return self._policies.get(name or self.params.policy)

    def _goal(self) -> tuple[Goal, float]:
        params = self.params
        limits = params.confidence, params.max_moves, params.max_pan, params.max_travel
        return Goal(*limits, look_first=not params.published, joint=not params.published), params.timeout

    def _command(self, velocity: Velocity) -> None:
        twist = Twist()
        twist.linear.x, twist.linear.y, twist.angular.z = velocity.x, velocity.y, velocity.yaw
        if self.params.stamped:
            header = Header(stamp=self.get_clock().now().to_msg(), frame_id=self.params.frame_id)
            self._commands.publish(TwistStamped(header=header, twist=twist))
        else:
            self._commands.publish(twist)

    def _seconds(self) -> float:
        return float(self.get_clock().now().nanoseconds * 1e-9)

    def _held(self, status: Status) -> None:
        if status in (Status.HELD, Status.MOVING):
            self._say(status.value)

    def _say(self, state: str) -> None:
        if state != self._said:
            self._said = state
            self._states.publish(String(data=state))


if __name__ == "__main__":
    main(ViewControl)
