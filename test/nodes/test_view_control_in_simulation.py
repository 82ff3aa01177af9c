"""The node `view_control` follows somebody who walks through the simulated world, seen by the detector alone."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import Twist
from opendr_perception.msg import DetectionArray, FaceArray, Person, PersonArray
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import String
from std_srvs.srv import SetBool

from opendr_perception.ros.convert.messages import detection_array
from opendr_perception.sim.model import CAMERA_AHEAD, ROBOT_RADIUS
from opendr_perception.sim.people import load_people
from opendr_perception.sim.rendering import SimulatorError
from opendr_perception.sim.robot import Command, SimulatedCamera
from opendr_perception.sim.scene import Pose, Scene, Standing, wrap
from opendr_perception.sim.world import World
from opendr_perception.tasks import people
from opendr_perception.tasks.imaging import Image

SPEED, TURN = 0.15, 0.06
"""m/s and rad/s of who walks, in a wide bow to the left."""
DISTANCE, SIDE = 1.2, 0.15
CAMERA = SimulatedCamera(320, 240, math.radians(75), above=1.3)


class Walk:
    """Physics, camera and detector of a robot behind somebody who walks away, as fast as this machine can.

    The name of the only person is known to `people`, as after a look at the face.
    """

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._someone = load_people()[0]
        self._find = people.build(people.Settings(threads=1))
        self._memory = self._find.new_memory()
        kinds = {"camera_info": CameraInfo, "faces": FaceArray, "persons": DetectionArray, "people": PersonArray}
        self._topics = {name: graph.publisher(kind, name) for name, kind in kinds.items()}
        graph.observer.create_subscription(Twist, "cmd_vel", self._take, 10)
        self._command, self._done = Command(), threading.Event()
        self.track: list[tuple[Pose, Pose, float]] = []
        """Places of robot and person, and the robot's speed, at each step."""
        self.contacts: set[str] = set()
        self.problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def _take(self, twist: Twist) -> None:
        self._command = Command(twist.linear.x, twist.linear.y, twist.angular.z)

    def _run(self) -> None:
        try:
            with World(camera=CAMERA, people=[self._someone]) as world:
                self._walk(world)
        except (SimulatorError, RuntimeError, ValueError) as error:
            self.problem = error

    def _walk(self, world: World) -> None:
        person = Pose(2.2, 0.0, 0.0)
        world.reset(Scene((Standing(self._someone.name, person),)), render=False)
        began = time.monotonic()
        while not self._done.wait(max(0.0, began + len(self.track) * world.period - time.monotonic())):
            step = SPEED * world.period
            place = person.x + step * math.cos(person.yaw), person.y + step * math.sin(person.yaw)
            person = Pose(*place, person.yaw + TURN * world.period)
            world.place_person(self._someone.name, person)
            seen = world.step(self._command)
            assert seen.image is not None
            self._tell(seen.image)
            self.contacts.update(world.truth.contacts)
            self.track.append((seen.robot, person, math.hypot(seen.velocity.forward, seen.velocity.left)))
            with self._graph.changed:
                self._graph.changed.notify_all()

    def _tell(self, pixels: np.ndarray) -> None:
        header, size = self._graph.header(), {"width": CAMERA.width, "height": CAMERA.height}
        image = Image(pixels, "rgb8")
        found = self._find(image, self._memory, header.stamp.sec + header.stamp.nanosec * 1e-9)
        persons = detection_array(image, found.detections, found.tracks, "person")
        persons.header = header
        known = [
            Person(person_id="p1", name="Ann", body_id=one.track_id, visible=True, box=one.box)
            for one in persons.detections
            if one.track_id
        ][:1]
        self._topics["camera_info"].publish(CameraInfo(header=header, k=CAMERA.matrix.ravel().tolist(), **size))
        self._topics["faces"].publish(FaceArray(header=header, **size))
        self._topics["people"].publish(PersonArray(header=header, people=known, **size))
        self._topics["persons"].publish(persons)

    def now(self) -> tuple[float, float, float]:
        """Distance of the person from the robot's edge, m, their bearing, rad, and the robot's speed, m/s."""
        robot, person, speed = self.track[-1]
        away = person.x - robot.x, person.y - robot.y
        return math.hypot(*away) - ROBOT_RADIUS, wrap(math.atan2(away[1], away[0]) - robot.yaw), speed

    def until(self, wanted: Callable[[], bool]) -> None:
        """Wait for something to happen in this world."""
        self._graph.wait(
            lambda: self.problem is not None or (bool(self.track) and wanted()), lambda: f"{self.track[-1:]}"
        )
        if isinstance(self.problem, SimulatorError):
            pytest.skip(str(self.problem))
        assert self.problem is None


@pytest.fixture
def walk(graph: Any, control: Callable[..., Any]) -> Iterator[Walk]:
    control(
        continuous=True,
        follow="Ann",
        follow_distance=DISTANCE,
        follow_side=SIDE,
        command_timeout=1.0,
        camera_pose=[CAMERA_AHEAD, 0.0, CAMERA.above, 0.0, 0.0, 0.0],
    )
    made = Walk(graph)
    yield made
    made.close()


@pytest.mark.slow
def test_who_walks_is_followed_at_a_distance_and_side_and_a_stop_ends_it(graph: Any, walk: Walk) -> None:
    states = graph.listen(String, "view_control/state")
    walk.until(lambda: walk.track[-1][0].x > 0.8)
    distance, bearing, _ = walk.now()
    assert DISTANCE - 0.1 < distance < DISTANCE + 1.5
    assert bearing == pytest.approx(SIDE, abs=0.25), "the person is kept on the left"
    assert "following" in {message.data for message in states.messages}
    closest = min(math.hypot(person.x - robot.x, person.y - robot.y) - ROBOT_RADIUS for robot, person, _ in walk.track)
    assert closest > 0.9, "min_distance"
    assert max(speed for *_, speed in walk.track) < 0.27, "max_linear"
    answer = graph.call(SetBool, f"{graph.namespace}/view_control/stop", SetBool.Request(data=True))
    assert answer.success
    stopped = len(walk.track)
    walk.until(lambda: len(walk.track) > stopped + 15)
    halt = walk.track[stopped + 5 :]
    assert all(speed < 0.02 for *_, speed in halt)
    assert math.hypot(halt[-1][0].x - halt[0][0].x, halt[-1][0].y - halt[0][0].y) < 0.01
    assert not walk.contacts
