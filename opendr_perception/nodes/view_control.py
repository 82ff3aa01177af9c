"""Node `view_control`: moves the robot around a person until it knows who they are, or what else is looked for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.clock import ROSClock

from opendr_perception import zoo
from opendr_perception.active.control import HeadController, HeadJoints, Interlocks, Pursuit, Timeouts
from opendr_perception.active.identification import Goal
from opendr_perception.active.perception import GalleryRecogniser
from opendr_perception.active.policies import POLICIES, ExpectedGain, Policies, Static, ViewPolicy, Watching
from opendr_perception.active.surroundings import STILL
from opendr_perception.ros.control import (
    AutoFollow,
    AutoIdentify,
    ControlTopics,
    DriveLoop,
    Episodes,
    Guards,
    IdentifyAction,
    MotionState,
    StopLock,
)
from opendr_perception.ros.head import HeadExplorer, HeadGuards, HeadParameters, HeadPublisher
from opendr_perception.ros.looking import LOOK_FOR, NAMES, WISHES, AnsweringTopicExplorer, AnswerTopics, Wish
from opendr_perception.ros.node import ManagedNode, main, parameter
from opendr_perception.ros.robot.camera_view import CameraView
from opendr_perception.ros.robot.transforms import FramePoses
from opendr_perception.ros.robot.velocity_publisher import VelocityPublisher
from opendr_perception.tasks.body import curves_of


@dataclass(frozen=True)
class Parameters(HeadParameters):
    """Parameters of `view_control`."""

    look_for: str = parameter(
        NAMES,
        "What the robot moves for: names of people; or surer poses, actions or expressions of them, from the side from "
        "which most is expected, as told by poses, by poses and actions, or by faces and emotions.",
        choices=LOOK_FOR,
    )
    policy: str = parameter("auto", "View policy for names, unless a goal names one.", choices=POLICIES)
    paper_constants: bool = parameter(
        False,
        "Choose views with the constants of the papers; a first view is then never enough.",
        read_only=True,
        former="published",
    )
    confidence: float = parameter(0.35, "Identity confidence to reach, unless a goal gives one.", maximum=1.0)
    answer_confidence: float = parameter(
        0.8,
        "The same for poses, actions and expressions: calibrated probability, of a pose that of its joints on average.",
        minimum=0.0,
        maximum=1.0,
    )
    poses_of: str = parameter(
        "movenet-lightning",
        "Network of pose_estimation, whose scores are calibrated here; '' where its calibrated_scores are on.",
        read_only=True,
    )
    max_moves: int = parameter(
        4, "Largest number of moves for one person; a goal may ask for fewer.", minimum=0, maximum=255
    )
    max_pan: float = parameter(1.31, "Largest angle around a person, to each side, rad.", minimum=0.0, maximum=3.14)
    max_travel: float = parameter(3.0, "Total length of all moves for one person, m.", minimum=0.0)
    timeout: float = parameter(
        60.0, "Time for one person in seconds, unless a goal limits it.", minimum=1.0, maximum=3600.0
    )
    continuous: bool = parameter(
        False,
        "Identify, without a goal, everybody who comes into view and is not recognised. The robot then moves without a "
        "goal.",
    )
    follow: str = parameter(
        "",
        "With continuous: follow this person instead of identifying everybody: an id or a name of people, or a track "
        "of faces or persons. The robot then moves whenever they do.",
    )
    follow_distance: float = parameter(
        1.5, "Distance from the robot's edge to the person who is followed, m.", minimum=0.5, maximum=10.0
    )
    follow_side: float = parameter(
        0.0,
        "Bearing at which the person is kept, rad: 0 ahead; positive to the left, so that the robot is on their right.",
        minimum=-1.0,
        maximum=1.0,
    )
    follow_travel: float = parameter(
        30.0, "Length of the way behind one person in all, m; then it stands until `follow` changes.", minimum=0.0
    )
    cooldown: float = parameter(60.0, "Seconds before the same person is identified again automatically.", minimum=0.0)

    @property
    def wish(self) -> Wish | None:
        """Answer that is looked for; None for names."""
        return WISHES.get(self.look_for)

    @property
    def pursuit(self) -> Pursuit:
        """Way of following somebody."""
        return Pursuit(self.follow_distance, self.follow_side, self.follow_travel)

    @property
    def followed(self) -> tuple[object, ...]:
        """Parameters with which following begins anew."""
        return self.continuous, self.follow, self.pursuit


class ViewControl(ManagedNode):
    """people, faces, persons, poses, actions, emotions, image_raw, camera_info, scan, odom, tf -> cmd_vel."""

    NAME = "view_control"
    Parameters = Parameters
    DRIVES = True

    def __init__(self, **options: object) -> None:
        self._episodes: Episodes | None = None
        self._policies: Policies | None = None
        self._following: tuple[object, ...] = ()
        self._wish: Wish | None = None
        self._recogniser: GalleryRecogniser | None = None
        super().__init__(**options)
        self._stop = StopLock(self, Interlocks(), self._stopped)

    def configure(self) -> None:
        self.params.check_motion(self._simulated())
        self.check_parameters(self.params)
        params = self.params
        load = partial(zoo.session, device=params.device, threads=params.threads)
        self._recogniser = GalleryRecogniser.open(params.embedder, load(params.embedder), params.gallery)
        self._policies = Policies(
            self._recogniser,
            load,
            params.paper_constants,
            params.reinforcement_model,
            self._recogniser.alignment,
            params.flies,
        )
        self._examine = self._policies.examine
        self._policies.get(params.policy), self._policies.mesh  # what they lack shall be known now
        self._joints = HeadJoints(params.head_range) if params.turns_head else None
        self._commands: VelocityPublisher | HeadPublisher = (
            VelocityPublisher(self, params.stamped, params.frame_id)
            if self._joints is None
            else HeadPublisher(self, params, self._joints)
        )
        self.until_cleanup.callback(self._commands.close)
        self._state = MotionState(self, self._stop)
        self.until_cleanup.callback(self._state.close)
        action = IdentifyAction(self, lambda: self._episodes, self._policy, self._goal)
        self.until_cleanup.callback(action.close)

    def activate(self) -> None:
        assert self._recogniser is not None
        params = self.params
        base, mount = params.frame_id, params.camera_mount
        frames = FramePoses(self, base)
        self.until_deactivate.callback(frames.close)
        timeouts = Timeouts(command=params.command_timeout, max_age=params.max_age)
        interlocks = self._stop.interlocks
        controller = (
            params.controller(timeouts, interlocks)
            if self._joints is None
            else HeadController(self._joints, params.limits, timeouts, interlocks)
        )
        drive = self._drive = DriveLoop(
            controller, self._commands.publish, self._seconds, self.fail, self._state.held, self._simulated
        )
        camera = CameraView(params.face_size, params.robot_radius, mount, base, frames.pose)
        eyes = self._recogniser, camera, self.warn, self._recogniser.alignment
        explorer = self._explorer = (
            HeadExplorer(drive, controller, *eyes)
            if isinstance(controller, HeadController)
            else AnsweringTopicExplorer(drive, *eyes, calibrate=curves_of(params.poses_of))
        )
        episodes = Episodes(explorer, drive, self._state.say, self._examine)
        self.until_deactivate.callback(self._wait_for, episodes)
        self.until_deactivate.callback(drive.stop)
        self._safeguards = (
            Guards(self, drive, self._commands, frames)
            if isinstance(self._commands, VelocityPublisher)
            else HeadGuards(self, drive, self._commands, self._commands.joints)
        )
        self.until_deactivate.callback(self._safeguards.close)
        self._topics = ControlTopics(self, explorer)
        self.until_deactivate.callback(self._topics.close)
        self._answers = AnswerTopics(self, explorer) if isinstance(explorer, AnsweringTopicExplorer) else None
        self.until_deactivate.callback(self._look_for, None)
        self._look_for(params.wish)
        self._auto_identify = AutoIdentify(
            self._unsure, episodes, lambda: self._policy(""), self._goal, self.note_failure
        )
        self._auto_follow = AutoFollow(episodes, lambda: controller.travelled, self.note_failure)
        self._following = self.params.followed
        self._state.say("idle")
        self._episodes = episodes

    def stand_still(self) -> None:
        episodes, self._episodes = self._episodes, None
        if episodes is not None:
            episodes.close("the node stops")

    def cleanup(self) -> None:
        self._policies = self._recogniser = None

    def _wait_for(self, episodes: Episodes) -> None:
        if not episodes.wait():
            self.warn("a decision does not come to its end, and is not waited for", "decision")

    def tick(self) -> None:
        if self._episodes is not None and self.params.continuous and not self._stop.engaged:
            self._look_around()
        super().tick()

    def _look_around(self) -> None:
        params = self.params
        if not params.follow:
            self._auto_identify.look_around(params.cooldown)
        elif over := self._auto_follow.look_around(params.follow, params.pursuit):
            self.warn(over, "follow")

    def check_parameters(self, params: Any) -> None:
        params.pursuit.check(params.limits)
        if params.wish is not None and params.turns_head:
            raise ValueError(f"look_for: a robot that does not drive looks for {NAMES} alone")
        if params.poses_of and curves_of(params.poses_of) is None:
            raise ValueError(f"poses_of: the scores of {params.poses_of} were not measured")

    def parameters_changed(self) -> None:
        """End what looks for or follows with other parameters: it begins anew, if that is still wanted."""
        if self._episodes is not None and self._wish != self.params.wish:
            self._episodes.interrupt("look_for has changed")
            self._look_for(self.params.wish)
        if self._episodes is not None and self._following != self.params.followed:
            self._following = self.params.followed
            self._auto_follow.end("the parameters of following have changed")

    def diagnose(self) -> Sequence[DiagnosticStatus]:
        if self._episodes is not None:
            motion = self._state.diagnose(self._drive, self._safeguards.fault)
            sight = self.sight(self._explorer.blindness(time.monotonic()))
            return [motion, sight, self._topics.diagnose()]
        return [self._state.diagnose(None, "")] if self._stop.engaged and self.stage == "inactive" else ()

    def sight(self, blind: str) -> DiagnosticStatus:
        """The line of diagnostics about what the robot sees; it is an error when people cannot be measured."""
        level = DiagnosticStatus.ERROR if blind else DiagnosticStatus.OK
        return self.status("sight", level, blind or "people can be seen and measured", {})

    def _look_for(self, wish: Wish | None) -> None:
        self._wish = wish
        if self._answers is not None:
            self._answers.look_for(wish)

    def _unsure(self) -> Sequence[str]:
        explorer = self._explorer
        if self._wish is None or not isinstance(explorer, AnsweringTopicExplorer):
            return explorer.strangers()
        return explorer.unsure(self._wish, self.params.answer_confidence)

    def _policy(self, name: str) -> ViewPolicy | ExpectedGain:
        assert self._policies is not None
        if self._wish is not None:
            return ExpectedGain(self._wish.weights)
        policy = self._policies.get(name or self.params.policy)
        return Watching() if self.params.turns_head and not isinstance(policy, Static) else policy

    def _goal(self) -> tuple[Goal, float]:
        params = self.params
        confidence = params.confidence if self._wish is None else params.answer_confidence
        limits = confidence, params.max_moves, params.max_pan, params.max_travel
        return Goal(*limits, look_first=not params.paper_constants, joint=not params.paper_constants), params.timeout

    def _seconds(self) -> float:
        return float(self.get_clock().now().nanoseconds * 1e-9)

    def _simulated(self) -> bool:
        """True if the robot moves in the time of a simulation, and not in real time, whatever its clock does."""
        clock = self.get_clock()
        return isinstance(clock, ROSClock) and clock.ros_time_is_active

    def _stopped(self) -> None:
        """The robot was stopped, or may move again."""
        if self._episodes is not None and self._stop.engaged:
            self._episodes.interrupt(self._stop.reason)
            self._commands.publish(STILL)  # also when somebody else drives through the same topic
        if self.stage != "unconfigured":
            self._state.say("idle")


if __name__ == "__main__":
    main(ViewControl)
