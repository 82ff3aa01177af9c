"""The node `view_control` over real topics: it keeps its distance, and says why where it cannot tell one."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from opendr_perception.action import IdentifyPerson
from opendr_perception.msg import Box, Detection, DetectionArray, Face, FaceArray, Keypoint
from rclpy.time import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from simulated_robot import FACE_SIZE, FOCAL, HEIGHT, WIDTH, ZERO, SimulatedRobot, calibration, enrol_ann

from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.control.motion import Move
from opendr_perception.active.perception import FaceMesh, HeadFit
from opendr_perception.active.policies.base import Decision
from opendr_perception.active.policies.baselines import Static
from opendr_perception.nodes.view_control import ViewControl
from opendr_perception.tasks.imaging.image import Image as TaskImage

STAND_OFF = Limits().stand_off
BUSY = 0.12
"""Metres that a machine may cost that is busy with other tests."""
FAST = {"allow_fast": True, "max_linear": 0.6, "max_acceleration": 1.0, "command_timeout": 0.6, "creep_speed": 0.25}


class Robot(SimulatedRobot):
    """Its images come late, and it sees faces of those who look, and bodies of others; a test starts it."""

    def __init__(self, graph: Any, node: Any, pixels: np.ndarray, landmarks: list[Keypoint]) -> None:
        self.node, self.pixels, self.landmarks = node, pixels, landmarks
        self.person = np.array([2.0, 0.0])
        self.looks: Callable[[], bool] = lambda: True
        self.backs: Sequence[np.ndarray] = ()
        self.body_seen = False
        self.info: CameraInfo | None = calibration()
        self.latency, self.frame = 0.0, "base_link"
        self.clock: float | None = None
        self.clock_goes = True
        self.nearest, self.travelled = math.inf, 0.0
        self.clocks = graph.observer.create_publisher(Clock, "/clock", 1)
        self.waiting: deque[tuple[float, list[tuple[str, Any]]]] = deque()
        kinds = {"image_raw": Image, "camera_info": CameraInfo, "faces": FaceArray, "persons": DetectionArray}
        super().__init__(graph, kinds)

    def move(self, seconds: float) -> None:
        super().move(seconds)
        self.travelled += math.hypot(*self.velocity[:2]) * seconds
        self.nearest = min(self.nearest, *(self.away(place)[0] for place in (self.person, *self.backs)))
        if self.clock is not None:
            self.clock += seconds if self.clock_goes else 0.0
            self.clocks.publish(Clock(clock=Time(nanoseconds=round(self.clock * 1e9)).to_msg()))

    def publish(self) -> None:
        now = time.monotonic()
        self.waiting.append((now + self.latency, self._see()))
        while self.waiting and self.waiting[0][0] <= now:
            for topic, message in self.waiting.popleft()[1]:
                self.publishers[topic].publish(message)

    def _see(self) -> list[tuple[str, Any]]:
        stamp = None if self.clock is None else self.clock + (0.0 if self.clock_goes else time.monotonic() % 1000)
        header = self.graph.header(stamp, self.frame)
        image = self.graph.image(self.pixels)
        image.header = header
        faces = FaceArray(header=header, width=WIDTH, height=HEIGHT)
        persons = DetectionArray(header=header, width=WIDTH, height=HEIGHT)
        if self.looks():
            box = self._box(self.person, FACE_SIZE, FACE_SIZE, 0.0)
            faces.faces = [Face(track_id="7", score=0.9, box=box, landmarks=self.landmarks)]
        bodies = [*self.backs, *([self.person] if self.body_seen else [])]
        persons.detections = [Detection(score=0.9, box=self._box(place, 0.5, 1.75, 0.75)) for place in bodies]
        messages: list[tuple[str, Any]] = [("image_raw", image), ("faces", faces)]
        if self.info is not None:
            self.info.header = header
            messages.insert(0, ("camera_info", self.info))
        return [*messages, ("persons", persons)] if bodies else messages

    def _box(self, place: np.ndarray, width: float, height: float, below: float) -> Box:
        distance, bearing = self.away(place)
        scale = FOCAL / distance / math.cos(bearing)
        u, v = WIDTH / 2 - FOCAL * math.tan(bearing), HEIGHT / 2 + below * scale
        corners = np.array(
            [u - width * scale / 2, v - height * scale / 2, u + width * scale / 2, v + height * scale / 2]
        )
        x_min, y_min, x_max, y_max = map(float, corners.clip(0, [WIDTH, HEIGHT, WIDTH, HEIGHT]))
        return Box(x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)


@pytest.fixture(scope="module")
def gallery(models: Any, astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Keypoint]]:
    """Somebody who is enrolled, and the landmarks of their face."""
    folder = tmp_path_factory.mktemp("gallery")
    return str(folder), enrol_ann(folder, models, astronaut)[0]


@pytest.fixture(autouse=True)
def _heads_are_where_the_image_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The boxes say where people stand; they do not fit the image, whose landmarks do."""
    fit = FaceMesh.fit

    def fit_around(mesh: FaceMesh, image: TaskImage, _: np.ndarray, landmarks: np.ndarray) -> HeadFit:
        low, high = landmarks.min(0), landmarks.max(0)
        middle, half = (low + high) / 2, 0.6 * float((high - low).max())
        return fit(mesh, image, np.array([*(middle - half), *(middle + half)]), landmarks)

    monkeypatch.setattr(FaceMesh, "fit", fit_around)


@pytest.fixture
def client(graph: Any) -> Any:
    return graph.goals(IdentifyPerson, "view_control/identify")


@pytest.fixture
def robot(
    graph: Any, gallery: tuple[str, list[Keypoint]], astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Robot]]:
    """Makes the node, which wants to go straight at the person, and a robot that a test starts."""
    monkeypatch.setattr(Static, "decide", lambda policy, views: Decision(Move(advance=20.0), "nearer"))
    made: list[Robot] = []

    def make(known: bool = False, **parameters: Any) -> Robot:
        options = {"policy": "static", "gallery": gallery[0], "threads": 1, "max_travel": 30.0, "max_moves": 1}
        node = graph.run(ViewControl, **{**options, **FAST, **parameters})
        pixels = astronaut if known else np.full_like(astronaut, 90)
        made.append(Robot(graph, node, pixels, gallery[1]))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("scale", [1.0, 2.0, 0.5])
def test_a_calibration_of_another_size_is_the_same_camera(client: Any, robot: Any, scale: float) -> None:
    base = robot()
    base.info = calibration(scale)
    base.start()
    client.result(client.send())
    assert STAND_OFF - BUSY <= base.nearest <= STAND_OFF + 0.3


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (calibration(height=360), "another shape"),
        (CameraInfo(width=WIDTH, height=HEIGHT), "camera_info: the camera is not calibrated: its matrix is all zero"),
        (calibration(focal=20.0), "field of view of 173 degrees"),
        (None, "no camera_info has come"),
    ],
)
def test_without_a_calibration_for_these_images_it_stands_and_says_why(
    graph: Any, client: Any, robot: Any, info: CameraInfo | None, reason: str
) -> None:
    base = robot()
    base.info = info
    base.start()
    assert reason in client.result(client.send()).result.message
    assert not base.moved
    assert graph.diagnosis("sight", reason)["level"] == "2"
    base.info = calibration()
    graph.diagnosis("sight", "people can be seen and measured")


def test_a_refused_calibration_ends_the_use_of_that_before(client: Any, robot: Any) -> None:
    base = robot()
    base.start()
    result = client.send()
    base.starts()
    base.info = calibration(focal=1.0)
    base.stops()
    assert "camera_info" in client.result(result).result.message
    assert base.nearest > STAND_OFF


def test_a_camera_whose_place_nobody_tells_does_not_move_the_robot(graph: Any, client: Any, robot: Any) -> None:
    base = robot()
    base.frame = "eye"
    base.start()
    assert "tf does not tell where the camera's frame 'eye' is" in client.result(client.send()).result.message
    assert not base.moved
    graph.diagnosis("sight", "set the parameter camera_pose")


def test_a_camera_outside_of_the_robot_is_refused_at_the_start(
    graph: Any, gallery: tuple[str, list[Keypoint]], capfd: pytest.CaptureFixture[str]
) -> None:
    graph.run(ViewControl, gallery=gallery[0], camera_pose=[0.5, 0.0, 1.0, 0.0, 0.0, 0.0])
    assert "outside of robot_radius" in capfd.readouterr().err


@pytest.mark.parametrize("latency", [0.4, 0.8])
def test_images_that_come_late_cost_no_distance(client: Any, robot: Any, latency: float) -> None:
    base = robot(max_age=1.5)
    base.latency = latency
    base.start()
    client.result(client.send())
    assert STAND_OFF - BUSY <= base.nearest <= STAND_OFF + 0.5


def test_images_that_are_too_old_do_not_move_it(graph: Any, client: Any, robot: Any) -> None:
    base = robot()
    base.latency = 1.6
    base.start()
    assert "older than max_age, 1 s" in client.result(client.send()).result.message
    assert not base.moved
    assert graph.diagnosis("sight", "older than max_age")["level"] == "2"


def test_a_clock_that_stands_stops_it(client: Any, robot: Any) -> None:
    base = robot(use_sim_time=True, command_timeout=0.3)
    base.clock, base.person = 1000.0, np.array([8.0, 0.0])
    base.start()
    result = client.send()
    base.starts()
    base.clock_goes, driven = False, base.travelled
    base.stops()
    assert base.travelled - driven < 0.6 * (0.3 + 0.5)
    assert base.velocity == ZERO
    assert client.result(result).result.message


def test_who_turns_the_back_is_not_driven_at(client: Any, robot: Any) -> None:
    base = robot()
    base.person, base.backs = np.array([4.0, 0.3]), (np.array([2.3, 0.0]),)
    base.start()
    client.result(client.send())
    assert base.moved
    assert base.nearest >= STAND_OFF - BUSY


def test_it_searches_where_only_a_body_is_seen(client: Any, robot: Any) -> None:
    base = robot(known=True, policy="auto", max_moves=4)
    base.person, base.body_seen = np.array([2.5, 0.0]), True

    def looks() -> bool:
        x, y = base.position - base.person
        return abs(math.atan2(y, -x)) > math.radians(12)

    base.looks = looks
    base.start()
    answer = client.result(client.send()).result
    assert base.moved
    assert (answer.success, answer.identity) == (True, "ann")
    assert base.nearest >= STAND_OFF - BUSY


def test_nothing_that_comes_is_said(graph: Any, client: Any, robot: Any) -> None:
    base = robot()
    base.publishers["camera_info"].publish(calibration())
    assert graph.diagnosis("sight", "nothing comes on image_raw and faces")["level"] == "2"
    assert client.result(client.send()).result.message == "nothing comes on image_raw and faces"
