"""Fixtures: the models that the nodes load by default, and a robot before a stranger, for `view_control`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
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
from simulated_robot import FACE_SIZE, FOCAL, HEIGHT, WIDTH, SimulatedRobot, calibration, enrol_ann
from std_msgs.msg import Header

from opendr_perception import zoo
from opendr_perception.nodes.view_control import ViewControl

LANDMARKS = ((-0.2, -0.1), (0.2, -0.1), (0.0, 0.1), (0.0, 0.25), (-0.45, 0.0), (0.45, 0.0))


class Robot(SimulatedRobot):
    """Two metres before a stranger; its scanner and its odometry can fail."""

    def __init__(self, graph: Any) -> None:
        self.scanning = self.odometry = False
        self.change: Callable[[LaserScan], None] = lambda scan: None
        self.measure: Callable[[], tuple[float, float, float]] = lambda: self.velocity
        kinds = {"image_raw": Image, "camera_info": CameraInfo, "faces": FaceArray, "scan": LaserScan, "odom": Odometry}
        super().__init__(graph, kinds)
        self.start()

    def publish(self) -> None:
        header = self.graph.header()
        self.publishers["camera_info"].publish(calibration(header=header))
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
        distance, bearing = self.away(np.array([2.0, 0.0]))
        u, size = WIDTH / 2 - FOCAL * math.tan(bearing), FOCAL * FACE_SIZE / distance
        box = Box(x_min=u - size / 2, x_max=u + size / 2, y_min=240 - size / 2, y_max=240 + size / 2)
        landmarks = [Keypoint(x=u + x * size, y=240 + y * size, score=1.0) for x, y in LANDMARKS]
        return Face(track_id="7", score=0.9, box=box, landmarks=landmarks)

    def stands(self, answer: Any) -> bool:
        """True if it has not moved until an answer came."""
        return bool(answer) and not self.moved


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

    def publish(self) -> None:
        header = self.graph.header()
        size = {"width": WIDTH, "height": HEIGHT}
        self.publishers["camera_info"].publish(calibration(header=header))
        self.publishers["faces"].publish(FaceArray(header=header, **size))
        walked = 0.12 * (time.monotonic() - self.began)
        places = {BOB: (2.8, 0.75)} | ({ANN: (3.0 + walked, -0.2)} if self.seen else {})
        boxes = {who: self._box(np.array(place)) for who, place in places.items()}
        found = [Detection(track_id=who[1], label="person", score=0.9, box=box) for who, box in boxes.items()]
        known = [
            Person(person_id=who[0], body_id=who[1], name=who[2], visible=True, box=box) for who, box in boxes.items()
        ]
        self.people.publish(PersonArray(header=header, people=known, **size))
        self.persons.publish(DetectionArray(header=header, detections=found, **size))

    def _box(self, place: np.ndarray) -> Box:
        distance, bearing = self.away(place)
        depth = distance * math.cos(bearing)
        u, (width, height) = WIDTH / 2 - FOCAL * math.tan(bearing), (FOCAL * side / depth for side in BODY)
        return Box(x_min=u - width / 2, x_max=u + width / 2, y_min=240 - height / 2, y_max=240 + height / 2)


@pytest.fixture(scope="module")
def gallery(models: Any, astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("gallery")
    enrol_ann(folder, models, astronaut)
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
