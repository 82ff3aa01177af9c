"""Fixtures: the models that the nodes load by default, and a robot before a stranger, for `view_control`."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from opendr_perception.action import IdentifyPerson
from opendr_perception.msg import (
    Box,
    Detection,
    DetectionArray,
    Face,
    FaceArray,
    Keypoint,
    Person,
    PersonArray,
)
from sensor_msgs.msg import CameraInfo, Image, LaserScan
from std_msgs.msg import Header

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.nodes.view_control import ViewControl
from opendr_perception.tasks.face.detection import FaceDetector
from opendr_perception.tasks.face.embedding import FaceEmbedder
from opendr_perception.tasks.face.enrolment import Enroller, fingerprint
from opendr_perception.tasks.face.gallery_folder import GalleryFolder

PERIOD = 0.05
FOCAL, WIDTH, HEIGHT, FACE_SIZE = 500.0, 640, 480, 0.15
LANDMARKS = ((-0.2, -0.1), (0.2, -0.1), (0.0, 0.1), (0.0, 0.25), (-0.45, 0.0), (0.45, 0.0))
STOP_WITHIN = 0.4
"""Seconds; machines that run tests are busy."""
ZERO = (0.0, 0.0, 0.0)


class Robot:
    """A robot that does as it is told, two metres before a stranger; its scanner and its odometry can fail."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.position, self.heading = np.zeros(2), 0.0
        self.velocity, self.heard = ZERO, [(0.0, ZERO)]
        self.scanning = self.odometry = False
        self.change: Callable[[LaserScan], None] = lambda scan: None
        self.measure: Callable[[], tuple[float, float, float]] = lambda: self.velocity
        kinds = {"image_raw": Image, "camera_info": CameraInfo, "faces": FaceArray, "scan": LaserScan, "odom": Odometry}
        self.publishers = {topic: graph.publisher(kind, topic) for topic, kind in kinds.items()}
        graph.observer.create_subscription(Twist, "cmd_vel", self._take, 10)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def _take(self, twist: Twist) -> None:
        with self.graph.changed:
            self.velocity = (twist.linear.x, twist.linear.y, twist.angular.z)
            self.heard.append((time.monotonic(), self.velocity))
            self.graph.changed.notify_all()

    def _run(self) -> None:
        while not self._done.wait(PERIOD):
            x, y, turn = self.velocity
            c, s = math.cos(self.heading), math.sin(self.heading)
            self.position = self.position + PERIOD * np.array([c * x - s * y, s * x + c * y])
            self.heading += turn * PERIOD
            self._publish()

    def _publish(self) -> None:
        header = self.graph.header()
        matrix = [FOCAL, 0.0, WIDTH / 2, 0.0, FOCAL, HEIGHT / 2, 0.0, 0.0, 1.0]
        self.publishers["camera_info"].publish(CameraInfo(header=header, width=WIDTH, height=HEIGHT, k=matrix))
        image = self.graph.image(np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
        image.header = header
        self.publishers["image_raw"].publish(image)
        self.publishers["faces"].publish(FaceArray(header=header, width=WIDTH, height=HEIGHT, faces=[self._face()]))
        if self.scanning:
            self.publishers["scan"].publish(self._scan())
        if self.odometry:
            message = Odometry(header=Header(stamp=header.stamp, frame_id="odom"), child_frame_id="base_link")
            twist = message.twist.twist
            twist.linear.x, twist.linear.y, twist.angular.z = self.measure()
            self.publishers["odom"].publish(message)

    def _scan(self) -> LaserScan:
        """Nothing near."""
        header = Header(stamp=self.graph.header().stamp, frame_id="base_link")
        scan = LaserScan(header=header, angle_min=-math.pi, angle_increment=math.pi / 36, range_min=0.1, range_max=20.0)
        scan.ranges = [10.0] * 72
        self.change(scan)
        return scan

    def _face(self) -> Face:
        away = np.array([2.0, 0.0]) - self.position
        distance, bearing = float(np.hypot(*away)), math.atan2(away[1], away[0]) - self.heading
        u, size = WIDTH / 2 - FOCAL * math.tan(bearing), FOCAL * FACE_SIZE / distance
        box = Box(x_min=u - size / 2, x_max=u + size / 2, y_min=240 - size / 2, y_max=240 + size / 2)
        landmarks = [Keypoint(x=u + x * size, y=240 + y * size, score=1.0) for x, y in LANDMARKS]
        return Face(track_id="7", score=0.9, box=box, landmarks=landmarks)

    def starts(self) -> None:
        self.graph.wait(lambda: math.hypot(*self.velocity[:2]) > 0.05, lambda: f"it stands: {self.heard[-3:]}")

    def stops(self, since: float, within: float = STOP_WITHIN) -> None:
        self.graph.wait(lambda: self.velocity == ZERO, lambda: f"still {self.velocity}")
        assert max(moment for moment, velocity in self.heard if velocity != ZERO) - since <= within

    def stands(self, answer: Any) -> bool:
        """True if it has not moved until an answer came."""
        return bool(answer) and all(velocity == ZERO for _, velocity in self.heard)


ANN, BOB = ("p1", "b1", "Ann"), ("p2", "b2", "Bob")
BODY = (0.4, 1.5)
"""Metres, as a body is believed to be at least."""


class Walkers(Robot):
    """A robot behind Ann, who walks away and shows no face, and Bob, who stands a little nearer."""

    def __init__(self, graph: Any) -> None:
        self.began, self.seen = time.monotonic(), True
        self.persons = graph.publisher(DetectionArray, "persons")
        self.people = graph.publisher(PersonArray, "people")
        super().__init__(graph)

    def _publish(self) -> None:
        header = self.graph.header()
        matrix = [FOCAL, 0.0, WIDTH / 2, 0.0, FOCAL, HEIGHT / 2, 0.0, 0.0, 1.0]
        size = {"width": WIDTH, "height": HEIGHT}
        self.publishers["camera_info"].publish(CameraInfo(header=header, k=matrix, **size))
        self.publishers["faces"].publish(FaceArray(header=header, **size))
        walked = 0.12 * (time.monotonic() - self.began)
        places = {BOB: (2.8, 0.75)} | ({ANN: (3.0 + walked, -0.2)} if self.seen else {})
        boxes = {who: self._box(np.array(place) - self.position) for who, place in places.items()}
        found = [Detection(track_id=who[1], label="person", score=0.9, box=box) for who, box in boxes.items()]
        known = [
            Person(person_id=who[0], body_id=who[1], name=who[2], visible=True, box=box) for who, box in boxes.items()
        ]
        self.people.publish(PersonArray(header=header, people=known, **size))
        self.persons.publish(DetectionArray(header=header, detections=found, **size))

    def _box(self, away: np.ndarray) -> Box:
        distance, bearing = float(np.hypot(*away)), math.atan2(away[1], away[0]) - self.heading
        depth = distance * math.cos(bearing)
        u, (width, height) = WIDTH / 2 - FOCAL * math.tan(bearing), (FOCAL * side / depth for side in BODY)
        return Box(x_min=u - width / 2, x_max=u + width / 2, y_min=240 - height / 2, y_max=240 + height / 2)


@pytest.fixture(scope="module")
def gallery(models: Any, astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("gallery")
    (folder / "ann").mkdir()
    cv2.imwrite(str(folder / "ann" / "portrait.png"), astronaut)
    embedder = Session(models["face-embedding"].path, threads=1)
    enroller = Enroller(FaceDetector(Session(models["blazeface"].path, threads=1)), FaceEmbedder(embedder))
    enroller.synchronise(GalleryFolder(folder, fingerprint("face-embedding", embedder)), print)
    return str(folder)


@pytest.fixture
def control(graph: Any, gallery: str) -> Callable[..., Any]:
    """Starts the node, with a policy that goes to a side by chance."""
    return lambda **parameters: graph.run(
        ViewControl, **{"policy": "random", "gallery": gallery, "threads": 1, "camera_pose": [0.0] * 6, **parameters}
    )


@pytest.fixture
def client(graph: Any) -> Any:
    return graph.goals(IdentifyPerson, "view_control/identify")


@pytest.fixture
def robot(graph: Any, control: Any) -> Iterator[Callable[..., Robot]]:
    """Starts the node and its robot."""
    made: list[Robot] = []

    def make(scanning: bool = False, odometry: bool = False, **parameters: Any) -> Robot:
        control(**parameters)
        made.append(Robot(graph))
        made[-1].scanning, made[-1].odometry = scanning, odometry
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(autouse=True)
def fetched(models: dict[str, zoo.ModelFile]) -> None:
    """Every test of this folder finds all models in the cache."""


@pytest.fixture
def walkers(graph: Any, control: Callable[..., Any]) -> Iterator[Walkers]:
    control(continuous=True, follow="Ann", command_timeout=0.5)
    made = Walkers(graph)
    yield made
    made.close()
