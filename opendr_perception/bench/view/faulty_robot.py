"""A simulated robot whose perception can be made to fail, for `view_control` in a process of its own."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass

import numpy as np
from geometry_msgs.msg import TwistStamped
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.time import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, LaserScan
from std_msgs.msg import Header

from opendr_perception.action import IdentifyPerson
from opendr_perception.active.surroundings import STILL, Velocity
from opendr_perception.bench.view.explorer import FACE_SIZE
from opendr_perception.msg import Box, Face, FaceArray, Keypoint
from opendr_perception.ros.convert import images
from opendr_perception.ros.robot.messages import BASE, camera_info
from opendr_perception.sim.robot import Command
from opendr_perception.sim.scene import Pose, Standing, distance, wrap
from opendr_perception.sim.world import World

PERIOD = 0.05
"""s between two steps of the world; every second one gives an image."""
NOISE = 0.02
"""Of the sizes of faces, standard deviation."""
FAR_AWAY = 10.0
"""m, of what the scanner sees, unless there is a wall."""


@dataclass
class Failures:
    """Faults that are active now."""

    images_lost: bool = False
    recogniser_dead: bool = False
    nobody_seen: bool = False
    boxes_nan: bool = False
    stamps_frozen: bool = False
    scanner_dead: bool = False
    scanner_blind: float | None = None
    """m, what every beam measures: NaN, or what else is no range."""
    scans_frozen: bool = False
    scanner_lost: bool = False
    """Its frame is one that nobody knows."""
    wall: float = FAR_AWAY
    """m, around the robot."""
    late: float = 0.0
    """s, by which faces are late."""
    clock_stands: bool = False
    """The robot's clock, not the stamps."""
    calibration: str = ""
    """Fault of the calibration: zero, or another shape."""
    camera_lost: bool = False
    """Its frame is one that nobody knows."""
    shift: float = 0.0
    """s, by which all stamps are off, and the clock where the robot gives it."""


@dataclass(frozen=True)
class HeardCommand:
    """A command that came."""

    moment: float
    """s, of this process."""
    stamp: float
    """s, of who said it."""
    velocity: Velocity


class Robot(Node):
    """Drives in the world as `cmd_vel` says, and publishes the image of a face, and where all faces in view are.

    Args:
        world: with the scene, stepped by nobody else while the robot runs.
        image: (H, W, 3) uint8 RGB, what the camera sees at first.
        landmarks: (6, 2) of the face in it, pixels.
        clock: whether it gives `/clock`.
    """

    def __init__(self, world: World, image: np.ndarray, landmarks: np.ndarray, clock: bool) -> None:
        super().__init__("faulty_robot")
        self.changed = threading.Condition()
        self.failures = Failures()
        self.heard: list[HeardCommand] = []
        self.contacts: set[str] = set()
        self._world, self._start = world, world.truth.robot
        self._image = images.to_message(image, Header(), "rgb8")
        self._landmarks = [Keypoint(x=float(x), y=float(y), score=1.0) for x, y in landmarks]
        self._random = np.random.default_rng(0)
        self._stamp, self._told, self._scanned = 0.0, 0.0, Header().stamp
        self._waiting: deque[tuple[float, FaceArray]] = deque()
        newest = QoSProfile(depth=1)
        self._images = self.create_publisher(Image, "image_raw", newest)
        self._infos = self.create_publisher(CameraInfo, "camera_info", newest)
        self._faces = self.create_publisher(FaceArray, "faces", newest)
        self._scans = self.create_publisher(LaserScan, "scan", newest)
        self._clock_publisher = self.create_publisher(Clock, "/clock", newest) if clock else None
        self.create_subscription(TwistStamped, "cmd_vel", self._take, 100)
        # now: an executor that spins already may ask for a client that is not complete
        self.goals: ActionClient = ActionClient(self, IdentifyPerson, "view_control/identify")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="robot", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, and destroy the node."""
        self._stop.set()
        self._thread.join()
        self.destroy_node()

    def begin(self) -> None:
        """Stand where it began, with nothing wrong, and forget what was heard."""
        with self.changed:
            self.failures = Failures()
            self.heard.clear()
            self.contacts.clear()
            self._world.place_robot(self._start)

    @property
    def velocity(self) -> Velocity:
        """The newest command."""
        return self.heard[-1].velocity if self.heard else STILL

    def _take(self, message: TwistStamped) -> None:
        twist = message.twist
        velocity = Velocity(twist.linear.x, twist.linear.y, twist.angular.z)
        with self.changed:
            stamp = Time.from_msg(message.header.stamp).nanoseconds * 1e-9
            self.heard.append(HeardCommand(time.monotonic(), stamp, velocity))
            self.changed.notify_all()

    def _run(self) -> None:
        due, turn = time.monotonic(), 0
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due, turn = due + PERIOD, turn + 1
            with self.changed:
                velocity, failures = self.velocity, self.failures
                self._world.step(Command(velocity.x, velocity.y, velocity.yaw), render=False)
                truth = self._world.truth
                self.contacts |= set(truth.contacts)
            now = self.get_clock().now().nanoseconds * 1e-9 + failures.shift
            self._told = self._told if failures.clock_stands else now
            if self._clock_publisher is not None:
                self._clock_publisher.publish(Clock(clock=Time(nanoseconds=round(self._told * 1e9)).to_msg()))
            if turn % 2 == 0:
                self._stamp = self._stamp if failures.stamps_frozen else now
                self._see(truth.robot, truth.people, failures)
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                self._faces.publish(self._waiting.popleft()[1])

    def _see(self, robot: Pose, people: tuple[Standing, ...], failures: Failures) -> None:
        frame = "nowhere" if failures.camera_lost else BASE
        header = Header(stamp=Time(nanoseconds=round(self._stamp * 1e9)).to_msg(), frame_id=frame)
        camera = self._world.camera
        matrix = np.zeros((3, 3)) if failures.calibration == "zero" else camera.matrix
        height = camera.height if failures.calibration != "another shape" else camera.height * 3 // 4
        self._infos.publish(camera_info(header, camera.width, height, matrix))
        if not failures.scanner_dead:
            self._scans.publish(self._scan(header, failures))
        if failures.images_lost:
            return
        self._image.header = header
        self._images.publish(self._image)
        if failures.recogniser_dead:
            return
        found = [] if failures.nobody_seen else [self._face(robot, person, failures) for person in people]
        message = FaceArray(header=header, width=camera.width, height=camera.height)
        message.faces = [face for face in found if face is not None]
        self._waiting.append((time.monotonic() + failures.late, message))

    def _scan(self, header: Header, failures: Failures) -> LaserScan:
        """Beams all around, from the robot's middle."""
        if not failures.scans_frozen:
            self._scanned = header.stamp
        frame = "nowhere" if failures.scanner_lost else BASE
        scan = LaserScan(header=Header(stamp=self._scanned, frame_id=frame))
        scan.angle_min, scan.angle_increment, scan.range_min, scan.range_max = -math.pi, math.pi / 36, 0.1, 2 * FAR_AWAY
        scan.ranges = [failures.wall if failures.scanner_blind is None else failures.scanner_blind] * 72
        return scan

    def _face(self, robot: Pose, person: Standing, failures: Failures) -> Face | None:
        """As a detector would find it; None out of view."""
        camera, place = self._world.camera, person.pose
        bearing = wrap(math.atan2(place.y - robot.y, place.x - robot.x) - robot.yaw)
        if abs(bearing) > camera.field_of_view / 2:
            return None
        column = camera.matrix[0, 2] - camera.focal * math.tan(bearing)
        size = camera.focal * FACE_SIZE / distance(robot, place) / math.cos(bearing) * self._random.normal(1.0, NOISE)
        half = math.nan if failures.boxes_nan else size / 2
        row = camera.height / 2
        box = Box(x_min=column - half, x_max=column + half, y_min=row - half, y_max=row + half)
        return Face(track_id=person.name, score=0.9, box=box, landmarks=self._landmarks)
