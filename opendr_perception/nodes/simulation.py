"""Node `simulation`: a simulated robot with a camera in a room with people, instead of a real one."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from typing import TypeVar

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import Twist, TwistStamped
from std_srvs.srv import Trigger

from opendr_perception.ros.node import ManagedNode, NodeParameters, main, parameter
from opendr_perception.ros.robot.head_topics import HeadTopics
from opendr_perception.ros.robot.publisher import Instant, RobotPublisher
from opendr_perception.sim.model import CAMERA_AHEAD
from opendr_perception.sim.people import load_people
from opendr_perception.sim.robot import FREE, ROBOTS, Command, SimulatedCamera
from opendr_perception.sim.scene import SCENES, draw_scene
from opendr_perception.sim.world import SensorReading, World

PATIENCE = 60.0
"""s that the node waits for the world, which is slow to begin on a small machine."""
LAST_TURN = 2.0
"""s that a turn of the world has to end when the node stops."""
T = TypeVar("T")


@dataclass(frozen=True)
class Parameters(NodeParameters):
    """Parameters of `simulation`."""

    scene: str = parameter(
        "crowd",
        "Layout of the scene: single is one person, seen from somewhere; occluded the same with something before "
        "the face; covered one person behind a sign or a box that a robot clears which flies; crowd several people; "
        "tour several people along a way, to be visited one after the other.",
        choices=SCENES,
    )
    seed: int = parameter(0, "Random seed; incremented by every reset.", minimum=0)
    people: int = parameter(
        5,
        "Number of people to draw from, and of those in a crowd or a tour. Fewer are quicker.",
        minimum=1,
        maximum=16,
        read_only=True,
    )
    robot: str = parameter(
        "holonomic",
        "holonomic also drives sideways; differential ignores linear.y; free also goes up and down by linear.z, like a "
        "drone.",
        choices=(*ROBOTS, FREE),
        read_only=True,
    )
    head: bool = parameter(
        False,
        "The camera is on a pan-tilt head, which goes to the positions of head/joint_trajectory, or of head/pan and "
        "head/tilt, and tells them in joint_states.",
        read_only=True,
    )
    stamped: bool = parameter(
        False, "cmd_vel is a TwistStamped, as navigation sends it since Kilted, instead of a Twist.", read_only=True
    )
    width: int = parameter(640, "Width of the images, pixels.", minimum=32, maximum=4096, read_only=True)
    height: int = parameter(480, "Height of the images, pixels.", minimum=32, maximum=4096, read_only=True)
    field_of_view: float = parameter(1.047, "Horizontal field of view, rad.", minimum=0.2, maximum=2.6, read_only=True)
    camera_height: float = parameter(
        1.5, "Height of the camera above the floor, m.", minimum=0.1, maximum=2.9, read_only=True
    )
    smoothing: int = parameter(
        0, "Samples of each pixel, against jagged edges; 0 is the fastest.", minimum=0, maximum=8, read_only=True
    )
    rate: float = parameter(10.0, "Images per simulated second.", minimum=1.0, maximum=100.0, read_only=True)
    real_time_factor: float = parameter(
        1.0,
        "Simulated seconds per real second; a slower machine reaches fewer. 0: as fast as possible.",
        minimum=0.0,
        maximum=100.0,
    )


class Simulation(ManagedNode):
    """cmd_vel -> image_raw, camera_info, odom, /clock, tf.

    The world lives in one thread, because what draws belongs to a thread; each turn of it is a job, and others take
    place between two of them. Simulated time goes on over resets, so that nobody sees it go back.
    """

    NAME = "simulation"
    Parameters = Parameters

    def configure(self) -> None:
        params = self.params
        camera = SimulatedCamera(
            params.width, params.height, params.field_of_view, params.camera_height, params.smoothing
        )
        people = load_people()[: params.people]
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="world")
        self.until_cleanup.callback(self._thread.shutdown, wait=False)
        self._world = self._do(lambda: World(params.robot, camera, rate=params.rate, people=people))
        self.until_cleanup.callback(self._do, self._world.close, LAST_TURN)
        self._resets, self._time, self._published = 0, 0.0, 0
        self._head_goal: tuple[float, float] | None = None
        head = HeadTopics(self, self._take_head) if params.head else None
        if head is not None:
            self.until_cleanup.callback(head.close)
        self._publisher = RobotPublisher(self, (CAMERA_AHEAD, 0.0, params.camera_height), head)
        self.until_cleanup.callback(self._publisher.close)
        service = self.create_service(Trigger, "~/reset", self._answer_reset)
        self.until_cleanup.callback(self.destroy_service, service)
        self._do(self._reset)

    def activate(self) -> None:
        stop = threading.Event()
        self._command: Command | None = None
        kind = TwistStamped if self.params.stamped else Twist
        subscription = self.create_subscription(kind, "cmd_vel", self._take_command, 1)
        self.until_deactivate.callback(self._do, lambda: None, LAST_TURN)  # the turn that is under way has ended
        self.until_deactivate.callback(self.destroy_subscription, subscription)
        self.until_deactivate.callback(stop.set)
        self._due = time.monotonic()
        self._thread.submit(self._turn, stop)

    def diagnose(self) -> Sequence[DiagnosticStatus]:
        if self.stage != "active":
            return ()
        values = {"images": self._published, "time": f"{self._time:.1f}", "scene": self.params.scene}
        return [self.status("world", DiagnosticStatus.OK, "people are simulated", values)]

    # --- the executor's thread --------------------------------------------------------------------------------------

    def _take_command(self, message: Twist | TwistStamped) -> None:
        twist = message.twist if isinstance(message, TwistStamped) else message
        command = Command(twist.linear.x, twist.linear.y, twist.angular.z, twist.linear.z)
        if all(map(math.isfinite, astuple(command))):
            self._command = command
        else:
            self.warn(f"cmd_vel is not finite and is left out: {command}", about="cmd_vel")

    def _take_head(self, pan: float, tilt: float) -> None:
        self._head_goal = pan, tilt

    def _answer_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            self._do(self._reset)
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            response.message = str(error) or type(error).__name__
            return response
        response.success = True
        response.message = f"{self.params.scene}, seed {self.params.seed + self._resets - 1}"
        return response

    def _do(self, job: Callable[[], T], patience: float = PATIENCE) -> T:
        """Let the thread of the world do something, and wait for it."""
        return self._thread.submit(job).result(patience)

    # --- the world's thread -----------------------------------------------------------------------------------------

    def _reset(self) -> None:
        seed = self.params.seed + self._resets
        people = self._world.people
        faces = {name: person.face for name, person in people.items()}
        scene = draw_scene(self.params.scene, tuple(people), seed, self.params.people, faces, self.params.camera_height)
        self._world.reset(scene, render=False)
        self._resets += 1

    def _turn(self, stop: threading.Event) -> None:
        """Simulate one period, publish, and wait until the next one is due."""
        if stop.is_set():
            return
        try:
            command, self._command = self._command, None
            if (goal := self._head_goal) is not None:
                self._world.turn_head(*goal)
            seen = self._world.step(command)
            self._time += self._world.period
            if seen.image is not None:
                self._publisher.publish(_instant(self._time, seen.image, seen))
                self._published += 1
        except Exception as error:  # noqa: BLE001 - a world that fails says so
            self.fail(f"the simulation has stopped: {error}")
            return
        factor = self.params.real_time_factor
        self._due = max(self._due + (self._world.period / factor if factor else 0.0), time.monotonic())
        stop.wait(self._due - time.monotonic())
        self._thread.submit(self._turn, stop)


def _instant(time: float, image: np.ndarray, seen: SensorReading) -> Instant:
    robot, moves = seen.robot, seen.velocity
    place, velocity = (robot.x, robot.y, robot.yaw), (moves.forward, moves.left, moves.turn)
    return Instant(time, place, velocity, image, seen.matrix, seen.head, robot.z, moves.up)


if __name__ == "__main__":
    main(Simulation)
