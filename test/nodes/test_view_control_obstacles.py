"""The node `view_control` over real topics: it stands unless it knows that the way is free and that it commands."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest
import rclpy
from action_msgs.msg import GoalStatus
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from opendr_perception.action import IdentifyPerson
from opendr_perception.msg import Box, Face, FaceArray, Keypoint
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CameraInfo, Image, LaserScan
from std_msgs.msg import Header, String
from std_srvs.srv import SetBool

from opendr_perception.engine.session import Session
from opendr_perception.nodes.view_control import ViewControl
from opendr_perception.tasks.enrolment import Enroller, fingerprint
from opendr_perception.tasks.face import FaceDetector
from opendr_perception.tasks.face_views import FaceEmbedder
from opendr_perception.tasks.gallery import GalleryFolder

PERIOD = 0.05
FOCAL, WIDTH, HEIGHT, FACE_SIZE = 500.0, 640, 480, 0.15
LANDMARKS = ((-0.2, -0.1), (0.2, -0.1), (0.0, 0.1), (0.0, 0.25), (-0.45, 0.0), (0.45, 0.0))
STOP_WITHIN = 0.4
ZERO = (0.0, 0.0, 0.0)

Change = Callable[[LaserScan], None]


class Robot:
    """A robot that does as it is told, two metres before a stranger; its scanner and its odometry can fail."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.position, self.heading = np.zeros(2), 0.0
        self.velocity, self.heard = ZERO, [(0.0, ZERO)]
        self.scanning = self.odometry = False
        self.change: Change = lambda scan: None
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
        """Whether it has not moved until an answer came."""
        return bool(answer) and all(velocity == ZERO for _, velocity in self.heard)


class Client:
    """Sends goals, from a node of its own."""

    def __init__(self, graph: Any) -> None:
        self._graph, self._node = graph, rclpy.create_node("client", namespace=graph.namespace)
        self._client = ActionClient(self._node, IdentifyPerson, "view_control/identify")
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._executor.shutdown()
        self._thread.join()
        self._node.destroy_node()

    def send(self) -> Any:
        assert self._client.wait_for_server(30)
        handle = self._await(self._client.send_goal_async(IdentifyPerson.Goal()))
        assert handle.accepted
        return handle.get_result_async()

    def ends(self, result: Any) -> tuple[int, str]:
        """The status and the message of a goal."""
        answer = self._await(result)
        return answer.status, answer.result.message

    def _await(self, future: Any) -> Any:
        self._graph.wait(future.done, lambda: "no answer")
        return future.result()


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
def client(graph: Any) -> Iterator[Client]:
    client = Client(graph)
    yield client
    client.close()


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


# --- scans ------------------------------------------------------------------------------------------------------------


def ranges(value: float) -> Change:
    def change(scan: LaserScan) -> None:
        scan.ranges = [value] * 72

    return change


def nothing(scan: LaserScan) -> None:
    scan.ranges = []


def no_range(scan: LaserScan) -> None:
    scan.range_max = scan.range_min


def no_angles(scan: LaserScan) -> None:
    scan.angle_min = math.nan


def elsewhere(scan: LaserScan) -> None:
    scan.header.frame_id = "laser"


def before(scan: LaserScan) -> None:
    scan.header.stamp.sec -= 2


BLIND = {
    "NaN": (ranges(math.nan), "scan is blind: 100% of its beams"),
    "beyond the scanner's range": (ranges(65.533), "scan is blind: 100% of its beams"),
    "zero": (ranges(0.0), "scan is blind: all of its ranges are 0"),
    "no beams": (nothing, "scan is blind: it has no beams"),
    "no range": (no_range, "scan is blind: its ranges go from 0.1 to 0.1 m"),
    "no angles": (no_angles, "scan is blind: its angles begin at nan"),
    "an unknown frame": (elsewhere, "scan is blind: where its frame 'laser' is, tf does not say"),
    "too old": (before, "scan is blind: its stamp is 2.0"),
    "too near": (ranges(-math.inf), "a person or an obstacle is in the way"),
    "below the least range": (ranges(0.05), "a person or an obstacle is in the way"),
}


@pytest.mark.parametrize("fault", BLIND)
def test_a_scanner_that_sees_nothing_stops_the_robot_and_keeps_it_standing(
    graph: Any, client: Client, robot: Any, fault: str
) -> None:
    change, message = BLIND[fault]
    base = robot(scanning=True, policy="rule")
    result = client.send()
    base.starts()
    base.change, since = change, time.monotonic()
    base.stops(since)
    assert client.ends(result)[1].startswith(message)
    base.heard.clear()
    assert client.ends(client.send())[1].startswith(message)
    assert base.stands(True)


def test_a_scan_that_repeats_itself_stops_the_robot(graph: Any, client: Client, robot: Any) -> None:
    base = robot(scanning=True)
    result = client.send()
    base.starts()
    frozen, since = graph.header().stamp, time.monotonic()

    def freeze(scan: LaserScan) -> None:
        scan.header.stamp = frozen

    base.change = freeze
    base.stops(since)
    assert client.ends(result)[1] == "scan is blind: its stamp does not advance"


def test_a_robot_that_requires_scans_does_not_begin_without(graph: Any, client: Client, robot: Any) -> None:
    base = robot(require_scan=True)
    assert client.ends(client.send())[1] == "no scan of obstacles has come, and require_scan is true"
    assert base.stands(True)
    base.scanning = True
    client.send()
    base.starts()


def test_the_place_of_the_scanner_can_be_given_and_the_right_side_is_guarded(
    graph: Any, client: Client, robot: Any
) -> None:
    def wall_behind_the_scanner(scan: LaserScan) -> None:
        scan.header.frame_id = "laser"
        angles = np.abs(scan.angle_min + scan.angle_increment * np.arange(72))
        scan.ranges = np.where(angles > math.pi / 2, 0.45, 10.0).tolist()

    base = robot(policy="rule", max_moves=1, scan_pose=[0.0, 0.0, math.pi], require_scan=True)
    base.change, base.scanning = wall_behind_the_scanner, True
    assert client.ends(client.send())[1] == "a person or an obstacle is in the way"


# --- who commands, and what the base does -----------------------------------------------------------------------------


def test_a_second_commander_stops_the_robot_and_nothing_begins_while_it_is_there(
    graph: Any, client: Client, robot: Any
) -> None:
    base = robot()
    result = client.send()
    base.starts()
    teleop = rclpy.create_node("teleop", namespace=graph.namespace)
    since = time.monotonic()
    commands = teleop.create_publisher(Twist, "cmd_vel", 1)
    base.stops(since, within=1.0)
    reason = f"cmd_vel has another publisher, {graph.namespace}/teleop; put twist_mux between, or stop it"
    assert client.ends(result)[1] == reason
    assert graph.diagnosis("motion", reason)["level"] == "1"
    base.heard.clear()
    assert client.ends(client.send())[1] == reason
    assert base.stands(True)
    teleop.destroy_publisher(commands)
    graph.diagnosis("motion", "idle")
    client.send()
    base.starts()
    teleop.destroy_node()


def test_a_base_that_does_not_follow_is_an_error(graph: Any, client: Client, robot: Any) -> None:
    base = robot(odometry=True)
    base.measure = lambda: ZERO
    status, message = client.ends(client.send())
    assert message.startswith("the base does not follow: ")
    assert status == GoalStatus.STATUS_SUCCEEDED
    base.stops(time.monotonic())
    assert graph.diagnosis("motion", "the base does not follow")["level"] == "2"


def test_a_base_that_moves_though_zero_is_commanded_is_an_error(graph: Any, client: Client, robot: Any) -> None:
    base = robot(odometry=True, max_moves=1)
    client.send()
    base.starts()
    last = base.velocity
    base.measure = lambda: last
    assert graph.call(SetBool, "view_control/stop", SetBool.Request(data=True)).success
    assert graph.diagnosis("motion", "though zero is commanded")["level"] == "2"
    graph.call(SetBool, "view_control/stop", SetBool.Request(data=False))
    base.heard.clear()
    assert "(odom)" in client.ends(client.send())[1]
    assert base.stands(True)
    base.measure = lambda: base.velocity
    client.send()
    base.starts()


def test_a_base_that_obeys_is_no_matter(graph: Any, client: Client, robot: Any) -> None:
    robot(odometry=True, max_moves=2)
    assert client.ends(client.send())[1] == "all 2 moves are made"


# --- stopped by people ------------------------------------------------------------------------------------------------


def test_a_stop_wins_over_everything_until_it_is_taken_back(graph: Any, client: Client, robot: Any) -> None:
    base = robot(continuous=True)
    states = graph.listen(String, "view_control/state")
    base.starts()
    since = time.monotonic()
    answer = graph.call(SetBool, "view_control/stop", SetBool.Request(data=True))
    reason = f"stopped by {graph.namespace}/view_control/stop"
    assert (answer.success, answer.message) == (True, reason)
    base.stops(since)
    states.find(lambda message: message.data == "stopped", "state stopped")
    base.heard.clear()
    refused = (GoalStatus.STATUS_ABORTED, reason)
    assert client.ends(client.send()) == refused
    assert graph.diagnosis("motion", reason)["level"] == "1"
    assert graph.change_state("view_control", "deactivate")
    assert graph.change_state("view_control", "cleanup")
    assert graph.change_state("view_control", "configure")
    assert graph.change_state("view_control", "activate")
    assert client.ends(client.send()) == refused
    assert base.stands(True)
    graph.call(SetBool, "view_control/stop", SetBool.Request(data=False))
    states.find(lambda message: message.data == "idle", "state idle")
    base.starts()


def test_a_goal_under_way_ends_with_the_stop(graph: Any, client: Client, robot: Any) -> None:
    base = robot()
    result = client.send()
    base.starts()
    graph.call(SetBool, "view_control/stop", SetBool.Request(data=True))
    assert client.ends(result) == (GoalStatus.STATUS_ABORTED, f"stopped by {graph.namespace}/view_control/stop")


# --- speed ------------------------------------------------------------------------------------------------------------


def test_more_than_the_reduced_speed_must_be_meant(graph: Any, control: Any, capfd: pytest.CaptureFixture[str]) -> None:
    node = control(max_linear=0.4)
    assert node.stage == "unconfigured"
    (line,) = (line for line in capfd.readouterr().err.splitlines() if "cannot configure" in line)
    assert "max_linear 0.4 m/s is above 0.25 m/s" in line
    assert "set allow_fast to true" in line
