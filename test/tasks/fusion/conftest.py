"""People who are drawn by hand: boxes, skeletons, faces, and images in which clothes are plain colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.face import Faces, Identity, RecognisedFaces
from opendr_perception.tasks.fusion import Mount, Sight
from opendr_perception.tasks.imaging import Image, PinholeCamera
from opendr_perception.tasks.nms import Detections

SIZE = (640, 480)
FRONT = np.array([[0.0, -0.05], [0.03, -0.08], [-0.03, -0.08], [0.06, -0.07], [-0.06, -0.07]])
"""Nose, eyes, ears in heights, of a head whose middle is 0.07 below the crown."""
BODY = np.array(
    [[0.105, 0.18], [-0.105, 0.18], [0.13, 0.34], [-0.13, 0.34], [0.14, 0.49], [-0.14, 0.49],
     [0.06, 0.47], [-0.06, 0.47], [0.06, 0.72], [-0.06, 0.72], [0.06, 0.95], [-0.06, 0.95]]
)  # fmt: skip
"""Shoulders, elbows, wrists, hips, knees, ankles in heights, from the crown down."""


def skeleton(box: Sequence[float], score: float = 0.9) -> np.ndarray:
    """Keypoints (17, 3) of somebody who stands in a box and looks here."""
    left, top, right, bottom = box
    height = bottom - top
    points = np.concatenate([FRONT + np.array([0, 0.12]), BODY]) * height + [(left + right) / 2, top]
    return np.concatenate([points, np.full((17, 1), score)], axis=1)


@dataclass
class Actor:
    """Somebody in an image."""

    track: str = "1"
    box: Sequence[float] = (300, 100, 360, 300)
    clothes: tuple[int, int, int] = (30, 30, 200)
    face: str = ""
    name: str = ""
    posed: bool = True
    angles: tuple[float, float, float] = (0.0, 0.0, 0.0)
    keypoints: np.ndarray | None = None
    pose: str = field(default="")
    """Id of the pose; the body's where it is empty."""


def image(actors: Sequence[Actor]) -> Image:
    """A grey image with a plain body for each actor."""
    pixels = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
    for actor in actors:
        left, top, right, bottom = (round(value) for value in actor.box)
        pixels[top : (top + bottom) // 2, left:right] = actor.clothes
        pixels[(top + bottom) // 2 : bottom, left:right] = actor.clothes[::-1]
    return Image(pixels, "bgr8")


def head(box: Sequence[float]) -> np.ndarray:
    """The box (4,) of the face of somebody who stands in a box."""
    height = box[3] - box[1]
    middle = np.array([(box[0] + box[2]) / 2, box[1] + 0.07 * height])
    return np.concatenate([middle - 0.045 * height, middle + 0.045 * height])


def detections(boxes: Sequence[Sequence[float] | np.ndarray]) -> Detections:
    """Boxes that are all as sure."""
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.8, np.float32))


def faces(actors: Sequence[Actor]) -> RecognisedFaces:
    """The faces of those who have one."""
    shown = [actor for actor in actors if actor.face]
    points = [skeleton(actor.box)[[2, 1, 0, 0, 4, 3], :2] for actor in shown]
    return RecognisedFaces(
        Faces(
            Detections(
                np.array([head(actor.box) for actor in shown], np.float32).reshape(-1, 4),
                np.ones(len(shown), np.float32),
            ),
            np.array(points, np.float32).reshape(-1, 6, 2),
        ),
        [actor.face for actor in shown],
        np.array([actor.angles for actor in shown]).reshape(-1, 3),
        [Identity(actor.name, 0.2 if actor.name else 0.9, 0.6 if actor.name else -0.5) for actor in shown],
    )


def sight(*actors: Actor, camera: str = "", paired: bool = True, **more: object) -> Sight:
    """An image with actors in it."""
    posed = [actor for actor in actors if actor.posed]
    bodies = detections([actor.box for actor in actors])
    keypoints = [skeleton(actor.box) if actor.keypoints is None else actor.keypoints for actor in posed]
    return Sight(
        camera,
        SIZE,
        bodies,
        [actor.track for actor in actors],
        image(actors) if paired else None,
        Poses(
            Detections(
                np.array([actor.box for actor in posed], np.float32).reshape(-1, 4), np.ones(len(posed), np.float32)
            ),
            np.array(keypoints, np.float64).reshape(-1, 17, 3),
            tracks=[actor.pose or actor.track for actor in posed],
        ),
        faces(actors),
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture
def lens() -> PinholeCamera:
    """A camera of 640x480 with a focal length of 500 pixels."""
    return PinholeCamera(np.array([[500.0, 0, 320], [0, 500.0, 240], [0, 0, 1]]), *SIZE, np.zeros(4))


@pytest.fixture
def level() -> Mount:
    """A camera 1.2 m above the floor that looks ahead along x."""
    ahead = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])
    return Mount(ahead, np.array([0.0, 0.0, 1.2]), upright=True)


@pytest.fixture(scope="session")
def stage() -> SimpleNamespace:
    """Tools that draw people."""
    return SimpleNamespace(Actor=Actor, sight=sight, skeleton=skeleton)
