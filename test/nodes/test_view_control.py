"""The node `view_control` over real topics, in a closed loop with a robot that does as it is told."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from geometry_msgs.msg import Twist, TwistStamped
from opendr_perception.action import IdentifyPerson
from opendr_perception.msg import Box, Face, FaceArray, Keypoint
from sensor_msgs.msg import CameraInfo, Image, LaserScan
from simulated_robot import FACE_SIZE, FOCAL, HEIGHT, WIDTH, SimulatedRobot, calibration, enrol_ann
from std_msgs.msg import Header, String

from opendr_perception.active.control.motion import Move
from opendr_perception.active.perception import FaceMesh
from opendr_perception.active.policies.base import Decision
from opendr_perception.active.policies.baselines import Static
from opendr_perception.nodes.view_control import ViewControl

STOP_WITHIN = 0.3
MOUNTED = {"camera_pose": [0.0] * 6}
"""Without tf, that must be said."""


@dataclass(frozen=True)
class Scene:
    """Scene: a face that is enrolled as ann, and a grey nothing, which is nobody's.

    The boxes that a robot publishes say where it stands; they do not fit the image, whose landmarks do.
    """

    gallery: str
    clear: np.ndarray
    strange: np.ndarray
    landmarks: list[Keypoint]
    box: np.ndarray


@pytest.fixture(scope="module")
def scene(models: Any, astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("gallery")
    landmarks, box = enrol_ann(folder, models, astronaut)
    strange = np.full_like(astronaut, 90)
    return Scene(str(folder), astronaut, strange, landmarks, box)


@pytest.fixture(autouse=True)
def _heads_are_where_the_image_has_them(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    fit = FaceMesh.fit
    monkeypatch.setattr(FaceMesh, "fit", lambda mesh, image, _, landmarks: fit(mesh, image, scene.box, landmarks))


class Robot(SimulatedRobot):
    """A robot with a camera and a face detector, two metres before a person; flags make it fail."""

    def __init__(self, graph: Any, scene: Scene, known: Callable[[float], bool], kind: type, camera: bool) -> None:
        self.known, self.scene, self.person = known, scene, np.array([2.0, 0.0])
        self.images = self.faces = self.recogniser = True
        self.camera = camera
        self.box_scale = 1.0
        self.frozen: Any = None
        self.wall: float | None = None
        kinds = {"image_raw": Image, "camera_info": CameraInfo, "faces": FaceArray, "scan": LaserScan}
        super().__init__(graph, kinds, kind)
        self.start()

    @property
    def distance(self) -> float:
        return self.away(self.person)[0]

    @property
    def pan(self) -> float:
        """Of the robot around the person, rad from where it began."""
        away = self.position - self.person
        return math.pi - math.atan2(away[1], away[0]) % (2 * math.pi)

    def publish(self) -> None:
        header = self.frozen or self.graph.header()
        if self.camera:
            self.publishers["camera_info"].publish(calibration(header=header))
        if self.images:
            image = self.graph.image(self.scene.clear if self.known(self.pan) else self.scene.strange)
            image.header = header
            self.publishers["image_raw"].publish(image)
        if self.images and self.recogniser:
            self.publishers["faces"].publish(FaceArray(header=header, width=WIDTH, height=HEIGHT, faces=self._faces()))
        if self.wall is not None:
            middle = Header(stamp=header.stamp, frame_id="base_link")
            scan = LaserScan(header=middle, angle_min=-math.pi, angle_increment=math.pi / 36, range_max=20.0)
            scan.ranges = [self.wall] * 72
            self.publishers["scan"].publish(scan)

    def _faces(self) -> list[Face]:
        if not self.faces:
            return []
        distance, bearing = self.away(self.person)
        u, half = WIDTH / 2 - FOCAL * math.tan(bearing), self.box_scale * FOCAL * FACE_SIZE / distance / 2
        box = Box(x_min=u - half, x_max=u + half, y_min=240 - half, y_max=240 + half)
        return [Face(track_id="7", score=0.9, box=box, landmarks=self.scene.landmarks)]


def never(pan: float) -> bool:
    return False


def always(pan: float) -> bool:
    return True


@pytest.fixture
def control(graph: Any, scene: Scene) -> Callable[..., Any]:
    """Starts the node, by default with a policy that goes to a side by chance."""
    return lambda **parameters: graph.run(
        ViewControl, **{"policy": "random", "gallery": scene.gallery, "threads": 1, **MOUNTED, **parameters}
    )


@pytest.fixture
def client(graph: Any) -> Any:
    return graph.goals(IdentifyPerson, "view_control/identify")


@pytest.fixture
def robots(graph: Any, scene: Scene) -> Iterator[Callable[..., Robot]]:
    made: list[Robot] = []

    def make(known: Callable[[float], bool] = never, kind: type = Twist, camera: bool = True) -> Robot:
        made.append(Robot(graph, scene, known, kind, camera))
        return made[-1]

    yield make
    for robot in made:
        robot.close()


def check_limits(robot: Robot, linear: float = 0.25, angular: float = 0.6, acceleration: float = 0.3) -> None:
    """Commands keep to the limits. Not all are heard, as until both sides have found each other: time bounds those."""
    then, before = robot.made, (0.0, 0.0, 0.0)
    for moment, now in robot.heard:
        assert math.hypot(*now[:2]) <= linear + 1e-6
        assert abs(now[2]) <= angular + 1e-6
        if now != (0.0, 0.0, 0.0):
            seconds = max(moment - then, 0.2)
            assert math.hypot(now[0] - before[0], now[1] - before[1]) <= acceleration * seconds + 1e-6
        then, before = moment, now


def stands_still(robot: Robot, since: float) -> None:
    """The robot was told to stand still in time, and nothing else came after that."""
    robot.graph.wait(lambda: robot.velocity == (0.0, 0.0, 0.0), lambda: f"still {robot.velocity}")
    moving = [moment for moment, velocity in robot.heard if velocity != (0.0, 0.0, 0.0)]
    assert moving, "it never moved"
    assert moving[-1] - since <= STOP_WITHIN
    check_limits(robot)


@pytest.mark.parametrize("motion", ["holonomic", "differential"])
def test_it_goes_around_the_person_until_it_recognises_them(
    graph: Any, client: Any, control: Any, robots: Any, motion: str
) -> None:
    fast = {
        "allow_fast": True,
        "max_linear": 0.5,  # a busy machine that hears of its stop late has not gone far
        "max_angular": 2.5,
        "max_acceleration": 2.0,
        "max_angular_acceleration": 8.0,
    }
    control(motion=motion, **fast)
    robot = robots(lambda pan: abs(pan) > math.radians(12))
    states = graph.listen(String, "view_control/state")
    handle = client.send(track_id="7")
    assert handle.accepted
    answer = client.result(handle)
    assert answer.status == GoalStatus.STATUS_SUCCEEDED
    result = answer.result
    assert (result.success, result.identity, result.moves, result.message) == (True, "ann", 1, "recognised")
    assert result.confidence > 0.8
    assert abs(math.degrees(robot.pan)) == pytest.approx(15, abs=4)
    assert robot.distance == pytest.approx(2, abs=0.15)
    phases = [feedback.phase for feedback in client.feedback]
    assert phases == ["looking", "deciding", "moving", "looking", "deciding"]
    assert abs(math.degrees(client.feedback[-1].pan)) == pytest.approx(15, abs=3)
    states.find(lambda message: message.data == "idle", "state idle")
    check_limits(robot, linear=0.5, angular=2.5, acceleration=2.0)


def test_it_does_not_move_when_the_first_view_is_good(graph: Any, client: Any, control: Any, robots: Any) -> None:
    control()
    robot = robots(always)
    result = client.result(client.send()).result
    assert (result.success, result.moves, robot.heard) == (True, 0, [])


@pytest.mark.parametrize("policy", ["synthesis", "occlusion", "auto"])
def test_a_policy_decides_from_real_images(graph: Any, client: Any, control: Any, robots: Any, policy: str) -> None:
    control(policy=policy, confidence=1.0, max_moves=1)
    robots(always)
    result = client.result(client.send()).result
    assert (result.success, result.identity) == (True, "ann")
    assert [feedback.phase for feedback in client.feedback][:2] == ["looking", "deciding"]
    assert result.message


def images_stop(robot: Robot) -> None:
    robot.images = False


def recogniser_dies(robot: Robot) -> None:
    robot.recogniser = False


def faces_vanish(robot: Robot) -> None:
    robot.faces = False


def stamps_freeze(robot: Robot) -> None:
    robot.frozen = robot.graph.header()


def boxes_become_nan(robot: Robot) -> None:
    robot.box_scale = math.nan


@pytest.mark.parametrize("fault", [images_stop, recogniser_dies, faces_vanish, stamps_freeze, boxes_become_nan])
def test_it_stands_still_when_perception_fails(
    graph: Any, client: Any, control: Any, robots: Any, fault: Callable[[Robot], None]
) -> None:
    control()
    robot = robots()
    handle = client.send()
    robot.starts()
    fault(robot)
    since = time.monotonic()
    stands_still(robot, since)
    client.cancel(handle)
    assert not client.result(handle).result.success


def test_it_gives_up_when_the_person_has_gone(graph: Any, client: Any, control: Any, robots: Any) -> None:
    control()
    robot = robots()
    handle = client.send()
    robot.starts()
    robot.faces = False
    answer = client.result(handle)
    assert (answer.status, answer.result.message) == (
        GoalStatus.STATUS_SUCCEEDED,
        "the person was not seen for 0.25 s",
    )


def test_cancelling_stops_it(graph: Any, client: Any, control: Any, robots: Any) -> None:
    control()
    robot = robots()
    handle = client.send()
    robot.starts()
    since = time.monotonic()
    client.cancel(handle)
    answer = client.result(handle)
    assert (answer.status, answer.result.message) == (GoalStatus.STATUS_CANCELED, "cancelled")
    stands_still(robot, since)


def test_a_newer_goal_ends_the_older_one(graph: Any, client: Any, control: Any, robots: Any) -> None:
    control()
    robot = robots()
    older = client.send()
    robot.starts()
    robot.known = always
    newer = client.send()
    first, second = client.result(older), client.result(newer)
    assert (first.status, first.result.message) == (GoalStatus.STATUS_ABORTED, "a newer goal has come")
    assert (second.status, second.result.identity) == (GoalStatus.STATUS_SUCCEEDED, "ann")
    check_limits(robot)


def test_deactivation_stops_it_and_it_can_begin_again(graph: Any, client: Any, control: Any, robots: Any) -> None:
    node = control()
    robot = robots()
    handle = client.send()
    robot.starts()
    since = time.monotonic()
    assert graph.change_state(node.get_name(), "deactivate")
    assert client.result(handle).status == GoalStatus.STATUS_ABORTED
    stands_still(robot, since)
    assert not client.send().accepted
    assert graph.change_state(node.get_name(), "activate")
    client.send()
    robot.starts()


def test_a_decision_that_hangs_keeps_the_node_from_nothing(
    graph: Any, client: Any, control: Any, robots: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("episodes", "action_server"):
        monkeypatch.setattr(f"opendr_perception.ros.control.{place}.PATIENCE", 0.1)
    begun, free = threading.Event(), threading.Event()

    def decide(policy: Any, views: Any) -> Any:
        begun.set()
        assert free.wait(20)
        return Decision(Move(pan=0.5), "at last")

    monkeypatch.setattr(Static, "decide", decide)
    node = control()
    robot = robots()
    client.send(policy="random")
    robot.starts()
    since = time.monotonic()
    client.send(policy="static")
    assert begun.wait(20)
    stands_still(robot, since)
    assert graph.change_state(node.get_name(), "deactivate")
    assert graph.change_state(node.get_name(), "cleanup")
    free.set()
    stands_still(robot, since)


def test_a_wall_stops_it(graph: Any, client: Any, control: Any, robots: Any) -> None:
    control(policy="rule")  # which does not try to go around it
    robot = robots()
    handle = client.send()
    robot.starts()
    robot.wall = 0.4
    since = time.monotonic()
    assert client.result(handle).result.message == "a person or an obstacle is in the way"
    stands_still(robot, since)


def test_it_begins_by_itself_only_when_it_is_told_to(graph: Any, client: Any, control: Any, robots: Any) -> None:
    node = control(continuous=True)
    robot = robots()
    robot.starts()
    assert graph.set_parameter(node.get_name(), "continuous", False) == ""
    robot.known = always
    assert client.result(client.send()).result.identity == "ann"
    check_limits(robot)


def test_too_late_is_too_late(graph: Any, client: Any, control: Any, robots: Any) -> None:
    control(timeout=1.0)
    robots()
    answer = client.result(client.send())
    assert (answer.status, answer.result.message) == (GoalStatus.STATUS_SUCCEEDED, "1 s are over")


def test_without_calibration_it_does_not_move(graph: Any, client: Any, control: Any, robots: Any) -> None:
    control()
    robot = robots(camera=False)
    result = client.result(client.send()).result
    assert (result.success, result.message) == (False, "no camera_info has come, so that distances are unknown")
    assert robot.heard == []


def test_goals_that_make_no_sense_are_rejected(
    graph: Any, client: Any, control: Any, robots: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    control(policy="static")
    assert not client.send(policy="telepathy").accepted
    assert not client.send(confidence=math.nan).accepted
    error = capfd.readouterr().err
    assert "policy must be one of" in error
    assert "confidence must be at most 1" in error


def test_stamped_commands(graph: Any, client: Any, control: Any, robots: Any) -> None:
    control(stamped=True, frame_id="base")
    robot = robots(kind=TwistStamped)
    client.send()
    robot.starts()


def test_a_signal_leaves_the_robot_standing(graph: Any, client: Any, scene: Scene, robots: Any) -> None:
    process = graph.process(
        "view_control",
        "--ros-args",
        "-p",
        "policy:=random",
        "-p",
        f"gallery:={scene.gallery}",
        "-p",
        f"camera_pose:={MOUNTED['camera_pose']}",
        "-r",
        f"__ns:={graph.namespace}",
    )
    robot = robots()
    client.send()
    robot.starts()
    since = time.monotonic()
    process.signal(signal.SIGINT)
    assert process.end() == 0, process.output
    stands_still(robot, since)
    assert "Traceback" not in process.output
