"""The node `view_control` looks at people with a pan-tilt head and never drives, in the simulated world."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from opendr_perception.action import IdentifyPerson
from opendr_perception.msg import Box, Face, FaceArray, Keypoint
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import Float64, Header
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory

from opendr_perception.engine.session import Session
from opendr_perception.nodes.view_control import ViewControl
from opendr_perception.ros.convert import images
from opendr_perception.sim.model import CAMERA_AHEAD
from opendr_perception.sim.people import load_people
from opendr_perception.sim.portraits import take_portraits
from opendr_perception.sim.rendering import SimulatorError
from opendr_perception.sim.robot import SimulatedCamera
from opendr_perception.sim.scene import Pose, Scene, Standing
from opendr_perception.sim.world import SensorReading, World
from opendr_perception.tasks.face.detection import FaceDetector
from opendr_perception.tasks.face.embedding import FaceEmbedder
from opendr_perception.tasks.face.enrolment import Enroller, fingerprint
from opendr_perception.tasks.face.gallery_folder import GalleryFolder
from opendr_perception.tasks.imaging.image import Image as TaskImage

CAMERA = SimulatedCamera(400, 300, math.radians(45), above=1.45)
BEARING = math.radians(40)
"""Of the person, who is not in view of a head that looks ahead, and taller than the camera."""
JOINTS = ["head_pan_joint", "head_tilt_joint"]
MAX_ANGULAR = 0.6
PERSON = load_people()[0]


def stands_at(bearing: float) -> Pose:
    """Place of somebody who looks at the robot from 1.4 m away."""
    return Pose(1.4 * math.cos(bearing), 1.4 * math.sin(bearing), bearing + math.pi)


class HeadedRobot:
    """A robot that stands, with a camera on a head."""

    def __init__(self, graph: Any, detector: FaceDetector, reading: World) -> None:
        self._graph, self._detector, self._world = graph, detector, reading
        kinds = {"camera_info": CameraInfo, "image_raw": Image, "faces": FaceArray, "joint_states": JointState}
        self._topics = {name: graph.publisher(kind, name, subscribers=0) for name, kind in kinds.items()}
        self.commands: list[tuple[float, float, float]] = []
        """Time, s, and positions of pan and tilt, rad."""
        self.seeing = self.telling = True
        self.bearing = BEARING
        """To which the person walks."""
        self.place = (0.0, 0.0)
        self._goal: tuple[float, float] | None = None
        self._done = threading.Event()
        graph.observer.create_subscription(JointTrajectory, "head/joint_trajectory", self._take, 10)
        graph.observer.create_subscription(Float64, "head/pan", self._take_one, 10)  # last: they come at once

    def run(self) -> None:
        """Live, in the thread that draws."""
        at = BEARING
        while not self._done.wait(0.03):
            at += max(-0.02, min(0.02, self.bearing - at))
            if self._goal is not None:
                self._world.turn_head(*self._goal)
            self._world.place_person(PERSON.name, stands_at(at))
            self._tell(self._world.step(render=self.seeing))
            with self._graph.changed:
                self._graph.changed.notify_all()

    def close(self) -> None:
        self._done.set()

    def _take(self, message: JointTrajectory) -> None:
        assert message.joint_names == JOINTS
        pan, tilt = message.points[0].positions
        self._goal = pan, tilt
        self.commands.append((time.monotonic(), pan, tilt))

    def _take_one(self, message: Float64) -> None:
        self.commands.append((time.monotonic(), message.data, 0.0))

    def _tell(self, seen: SensorReading) -> None:
        header, size = self._graph.header(frame_id="camera"), {"width": CAMERA.width, "height": CAMERA.height}
        self.place = seen.head
        if self.telling:
            joints = JointState(header=Header(stamp=header.stamp), name=["arm", *JOINTS], position=[1.0, *seen.head])
            self._topics["joint_states"].publish(joints)
        if seen.image is None:
            return
        image = TaskImage(seen.image, "rgb8")
        (found,) = self._detector([image])
        faces = FaceArray(header=header, **size)
        for corners, landmarks in zip(found.detections.boxes, found.landmarks, strict=True):
            points = [Keypoint(x=float(x), y=float(y), score=1.0) for x, y in landmarks]
            x_min, y_min, x_max, y_max = map(float, corners)
            box = Box(x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)
            faces.faces.append(Face(track_id="1", score=0.9, box=box, landmarks=points))
        self._topics["camera_info"].publish(CameraInfo(header=header, k=CAMERA.matrix.ravel().tolist(), **size))
        self._topics["image_raw"].publish(images.to_message(seen.image, header, "rgb8"))
        self._topics["faces"].publish(faces)

    def holds(self, since: float, within: float) -> None:
        """Assert that its commands stay where they are, from so many seconds after a moment on."""
        self._graph.wait(lambda: time.monotonic() > since + within + 0.3, lambda: "time stands")
        late = [places for moment, *places in self.commands if moment > since + within]
        assert not late or np.ptp(np.array(late), axis=0).max() < 1e-6

    def wait(self, wanted: Callable[[], bool]) -> None:
        self._graph.wait(wanted, lambda: f"{self.place}, {self.commands[-3:]}")


@pytest.fixture(scope="module")
def folder(models: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The gallery of the first simulated person."""
    return tmp_path_factory.mktemp("known")


@pytest.fixture
def robot(graph: Any, models: Any, folder: Any) -> Iterator[HeadedRobot]:
    """It lives in a thread of its own, which must make the world that it draws."""
    detector = FaceDetector(Session(models["blazeface"].path, threads=1))
    made: list[HeadedRobot] = []
    problems: list[Exception] = []
    ready = threading.Event()

    def live() -> None:
        try:
            with World(camera=CAMERA, people=[PERSON], rate=20.0) as world:
                if not any(folder.iterdir()):
                    take_portraits(world, [PERSON.name], folder)
                    embedder = Session(models["face-embedding"].path, threads=1)
                    gallery = GalleryFolder(folder, fingerprint("face-embedding", embedder))
                    Enroller(detector, FaceEmbedder(embedder)).synchronise(gallery, print)
                world.reset(Scene((Standing(PERSON.name, stands_at(BEARING)),)), render=False)
                made.append(HeadedRobot(graph, detector, world))
                ready.set()
                made[0].run()
        except Exception as error:  # noqa: BLE001 - the test is told
            problems.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    ready.wait()
    if problems and isinstance(problems[0], SimulatorError):
        pytest.skip(str(problems[0]))
    assert not problems, problems
    yield made[0]
    made[0].close()
    thread.join()


@pytest.fixture
def control(graph: Any, folder: Any) -> Callable[..., Any]:
    """Starts the node."""
    common = {
        "policy": "random",
        "motion": "pan_tilt",
        "frame_id": "head_pan_link",
        "gallery": str(folder),
        "threads": 1,
        "face_size": 0.135,
        "command_timeout": 0.4,
        "camera_pose": [CAMERA_AHEAD, 0.0, 0.0, 0.0, 0.0, 0.0],
    }
    return lambda **parameters: graph.run(ViewControl, **{**common, **parameters})


def test_who_is_not_in_view_is_found_looked_at_and_named_without_driving(
    graph: Any, robot: HeadedRobot, control: Callable[..., Any]
) -> None:
    client = graph.goals(IdentifyPerson, "view_control/identify")
    control()
    handle = client.send(policy="", confidence=0.9, max_moves=2)
    result = client.result(handle)
    assert result.status == GoalStatus.STATUS_SUCCEEDED, result.result.message
    assert result.result.identity == PERSON.name, result.result
    assert abs(robot.place[0] - BEARING) < CAMERA.field_of_view / 2, "the person is in view"
    node = f"{graph.namespace}/view_control"
    assert graph.set_parameter(node, "follow", "1") == graph.set_parameter(node, "continuous", True) == ""
    robot.wait(lambda: abs(robot.place[0] - BEARING) < 0.1 and robot.place[1] < -0.05)
    robot.bearing = 0.1
    robot.wait(lambda: abs(robot.place[0] - 0.1) < 0.1)
    robot.bearing = BEARING
    robot.wait(lambda: robot.place[0] > 0.15)
    moment = time.monotonic()
    assert graph.call(SetBool, f"{node}/stop", SetBool.Request(data=True)).success
    robot.holds(moment, within=0.3)
    assert not graph.observer.get_publishers_info_by_topic(f"{graph.namespace}/cmd_vel"), "it cannot drive"
    places = np.array(robot.commands)
    steps = np.abs(np.diff(places[:, 1:], axis=0)).max(1)
    assert steps.max() < MAX_ANGULAR * 0.2 + 1e-6
    assert steps.sum() / (places[-1, 0] - places[0, 0]) < MAX_ANGULAR
    assert np.abs(places[:, 1]).max() <= 1.3 + 1e-9, "the joint's range"


@pytest.mark.parametrize("loss", ["seeing", "telling", "deactivate"])
def test_the_head_holds_when_anything_is_lost_and_on_every_way_out(
    graph: Any, robot: HeadedRobot, control: Callable[..., Any], loss: str
) -> None:
    client = graph.goals(IdentifyPerson, "view_control/identify")
    control(command_timeout=0.3)
    client.send(policy="", confidence=0.99)
    robot.wait(lambda: len(robot.commands) > 3 and abs(robot.place[0]) > 0.1)
    moment = time.monotonic()
    if loss == "deactivate":
        assert graph.change_state("view_control", "deactivate")
    else:
        setattr(robot, loss, False)
    robot.holds(moment, within=0.45)
    last = robot.commands[-1]
    assert abs(last[1] - robot.place[0]) < 0.05, "it is commanded to stay where it is"


def test_a_head_that_says_nothing_of_itself_is_not_turned_and_another_commander_is_named(
    graph: Any, robot: HeadedRobot, control: Callable[..., Any]
) -> None:
    robot.telling = False
    client = graph.goals(IdentifyPerson, "view_control/identify")
    control(head_command="float64")
    assert "not in view" in client.ends(client.send(policy=""))[1]
    assert not robot.commands, "nobody knows where the head is"
    robot.telling = True
    graph.publisher(Float64, "head/pan", subscribers=0)
    robot.wait(lambda: graph.observer.count_publishers(f"{graph.namespace}/head/pan") == 2)
    client.ends(client.send(policy=""))
    assert not robot.commands, "somebody else turns it"
