"""A robot that looks at people, without topics: what would be messages is handed over."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
from opendr_perception.msg import Box, Face, FaceArray, Keypoint
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from opendr_perception.active.control.controller import MotionController
from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.control.status import Timeouts
from opendr_perception.active.perception.observation import Recognition
from opendr_perception.active.surroundings.geometry import STILL, Velocity
from opendr_perception.ros.control.drive_loop import DriveLoop
from opendr_perception.ros.control.episodes import Episodes
from opendr_perception.ros.control.explorer import TopicExplorer
from opendr_perception.ros.robot.camera_view import CameraView
from opendr_perception.tasks.imaging.image import Image

FOCAL, WIDTH, HEIGHT, FACE_SIZE = 500.0, 640, 480, 0.15
LANDMARKS = ((-0.2, -0.1), (0.2, -0.1), (0.0, 0.1), (0.0, 0.25), (-0.45, 0.0), (0.45, 0.0))
"""Of a face, in its sizes from its centre."""
LIMIT = 20.0


class Stage:
    """An explorer with its drive loop, people who stand still, and all that was commanded and said."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.commands: list[Velocity] = []
        self.said: list[str] = []
        self.warnings: list[str] = []
        self.confidences: Iterator[float] = iter(())
        self.people = {"7": (2.0, 0.0)}
        self.broken = ""
        controller = MotionController("holonomic", Limits(), Timeouts(command=0.6))  # for machines that are busy
        self.drive = DriveLoop(controller, self._take, time.monotonic, self.warnings.append)
        self.make_explorer()
        self.episodes = Episodes(self.explorer, self.drive, self._say)
        self.calibrate()

    def make_explorer(self) -> None:
        """One that knows no calibration yet."""
        self.camera = CameraView(FACE_SIZE, robot_radius=0.25)
        self.explorer = TopicExplorer(
            self.drive, self._recognise, self.camera, lambda text, topic: self.warnings.append(text)
        )

    def _take(self, velocity: Velocity) -> None:
        with self.changed:
            self.commands.append(velocity)
            self.changed.notify_all()

    def _say(self, state: str) -> None:
        with self.changed:
            self.said.append(state)
            self.changed.notify_all()

    def fail(self, what: str, error: Exception) -> None:
        self.warnings.append(f"{what}: {error}")

    def _recognise(self, crops: Sequence[np.ndarray]) -> list[Recognition]:
        return [Recognition("ann", next(self.confidences, 0.2)) for _ in crops]

    def wait(self, done: Callable[[], bool]) -> None:
        """Wait until something is so; what is commanded and said wakes it up, and it is also asked now and then."""
        deadline = time.monotonic() + LIMIT
        with self.changed:
            while not done():
                assert time.monotonic() < deadline, (self.commands[-3:], self.said[-3:], self.warnings)
                self.changed.wait(0.02)

    @property
    def moves(self) -> bool:
        return bool(self.commands) and self.commands[-1] != STILL

    def calibrate(self, focal: float = FOCAL) -> None:
        matrix = [focal, 0.0, WIDTH / 2, 0.0, focal, HEIGHT / 2, 0.0, 0.0, 1.0]
        self.explorer.take_camera(CameraInfo(width=WIDTH, height=HEIGHT, k=matrix))

    def face(self, track: str, distance: float, bearing: float) -> Face:
        u, size = WIDTH / 2 - FOCAL * math.tan(bearing), FOCAL * FACE_SIZE / distance / math.cos(bearing)
        box = Box(x_min=u - size / 2, x_max=u + size / 2, y_min=240 - size / 2, y_max=240 + size / 2)
        landmarks = [Keypoint(x=u + x * size, y=240 + y * size, score=1.0) for x, y in LANDMARKS]
        if self.broken == "landmarks":
            landmarks = landmarks[:4]
        if self.broken == "box":
            box.x_min = math.nan
        return Face(track_id=track, score=0.9, box=box, landmarks=landmarks)

    def show(self) -> None:
        """One image, and the faces in it."""
        stamp = Time(nanoseconds=time.monotonic_ns()).to_msg()
        header = Header(stamp=stamp)
        if self.broken != "image":
            self.explorer.take_image(header, Image(np.zeros((HEIGHT, WIDTH, 3), np.uint8), "bgr8"))
        faces = [self.face(track, *place) for track, place in self.people.items()]
        self.explorer.take_faces(FaceArray(header=header, width=WIDTH, height=HEIGHT, faces=faces))

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Images come all the time."""
        done = threading.Event()

        def run() -> None:
            while not done.wait(0.02):
                self.show()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.drive.stop()
