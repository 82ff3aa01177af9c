"""Simulated robots that `view_control` drives in the tests have this in common: they do as they are told."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from geometry_msgs.msg import Twist, TwistStamped
from opendr_perception.msg import Keypoint
from sensor_msgs.msg import CameraInfo

from opendr_perception.engine.session import Session
from opendr_perception.tasks.face.detection import FaceDetector
from opendr_perception.tasks.face.embedding import FaceEmbedder
from opendr_perception.tasks.face.enrolment import Enroller, fingerprint
from opendr_perception.tasks.face.gallery_folder import GalleryFolder
from opendr_perception.tasks.imaging.image import Image

PERIOD = 0.05
"""Seconds between two images."""
FOCAL, WIDTH, HEIGHT, FACE_SIZE = 500.0, 640, 480, 0.15
"""Pixels, and metres of a face."""
LIMIT = 60.0
"""Seconds that a test waits at most."""
STOP_WITHIN = 0.4
"""Seconds; machines that run tests are busy."""
ZERO = (0.0, 0.0, 0.0)

Velocity = tuple[float, float, float]


def calibration(scale: float = 1.0, height: int = HEIGHT, focal: float = FOCAL, **fields: Any) -> CameraInfo:
    """The camera's, also for images of another size."""
    width, height = round(WIDTH * scale), round(height * scale)
    matrix = [focal * scale, 0.0, width / 2, 0.0, focal * scale, height / 2, 0.0, 0.0, 1.0]
    return CameraInfo(width=width, height=height, k=matrix, **fields)


class SimulatedRobot:
    """Moves as the newest command says, and publishes what it sees in `publish`, from `start` to `close`.

    Args:
        graph: of the test.
        topics: that it publishes, with their types.
        kind: of its commands.
    """

    def __init__(self, graph: Any, topics: dict[str, type], kind: type = Twist) -> None:
        self.graph = graph
        self.position, self.heading = np.zeros(2), 0.0
        self.velocity: Velocity = ZERO
        self.made = time.monotonic()
        self.heard: list[tuple[float, Velocity]] = []
        self.publishers = {topic: graph.publisher(message, topic) for topic, message in topics.items()}
        graph.observer.create_subscription(kind, "cmd_vel", self._take, 10)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()

    def _take(self, message: Any) -> None:
        twist = message.twist if isinstance(message, TwistStamped) else message
        with self.graph.changed:
            self.velocity = (twist.linear.x, twist.linear.y, twist.angular.z)
            self.heard.append((time.monotonic(), self.velocity))
            self.graph.changed.notify_all()

    def _run(self) -> None:
        before = time.monotonic()
        while not self._done.wait(PERIOD):
            now = time.monotonic()
            self.move(now - before)  # a robot moves on, however busy the machine is
            before = now
            self.publish()

    def move(self, seconds: float) -> None:
        x, y, turn = self.velocity
        middle = self.heading + turn * seconds / 2
        c, s = math.cos(middle), math.sin(middle)
        self.position = self.position + seconds * np.array([c * x - s * y, s * x + c * y])
        self.heading += turn * seconds

    def publish(self) -> None:
        raise NotImplementedError

    def away(self, place: np.ndarray) -> tuple[float, float]:
        """Distance of a place, m, and its direction, rad to the left of where the robot looks."""
        x, y = place - self.position
        return math.hypot(x, y), math.atan2(y, x) - self.heading

    def starts(self) -> None:
        """Wait until it moves."""
        self._wait_for(lambda: self.moving)

    def starts_again(self, client: Any) -> None:
        """Send goals until one moves it: the node knows only from the next message that nothing keeps it any more."""
        deadline = time.monotonic() + LIMIT
        while not self.moving:
            assert time.monotonic() < deadline, f"it stands: {self.heard[-3:]}"
            result = client.send().get_result_async()
            self._wait_for(lambda: self.moving or result.done())  # noqa: B023 - called at once

    def _wait_for(self, predicate: Callable[[], bool]) -> None:
        self.graph.wait(predicate, lambda: f"it stands: {self.heard[-3:]}")

    def stops(self, since: float | None = None, within: float = STOP_WITHIN) -> None:
        """Wait until it stands, which it was told in time."""
        self.graph.wait(lambda: self.velocity == ZERO, lambda: f"still {self.velocity}")
        if since is not None:
            assert max(moment for moment, velocity in self.heard if velocity != ZERO) - since <= within

    @property
    def moving(self) -> bool:
        return math.hypot(*self.velocity[:2]) > 0.05

    @property
    def moved(self) -> bool:
        return any(velocity != ZERO for _, velocity in self.heard)


def enrol_ann(folder: Path, models: Any, portrait: np.ndarray) -> tuple[list[Keypoint], np.ndarray]:
    """Make ann known in a gallery; the landmarks of her face in the portrait, and its box."""
    (folder / "ann").mkdir()
    cv2.imwrite(str(folder / "ann" / "portrait.png"), portrait)
    detector = FaceDetector(Session(models["blazeface"].path, threads=1))
    embedder = Session(models["face-embedding"].path, threads=1)
    gallery = GalleryFolder(folder, fingerprint("face-embedding", embedder))
    assert Enroller(detector, FaceEmbedder(embedder)).synchronise(gallery, print).people == ("ann",)
    (faces,) = detector([Image(portrait, "bgr8")])
    landmarks = [Keypoint(x=float(x), y=float(y), score=1.0) for x, y in faces.landmarks[0]]
    return landmarks, faces.detections.boxes[0]
