"""Frames of faces, gazes and bodies in those of their cameras, as REP 155 wants them.

A face is where its eyes are seen, as far away as `people` says, or as a detector's box of 15 cm is. A body is known
from its keypoints: its turn follows from how wide the shoulders appear, and is rough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from geometry_msgs.msg import TransformStamped
from std_msgs.msg import Header

from opendr_perception.msg import Face
from opendr_perception.ros.robot.messages import OPTICAL, quaternion, transform
from opendr_perception.tasks.body import LAYOUTS
from opendr_perception.tasks.face import head_axes
from opendr_perception.tasks.imaging import PinholeCamera

Floats = npt.NDArray[np.float64]

FACE_SIZE = 0.15
"""Side of the detector's box around a face, m, as in `view_control`."""
SHOULDERS = 0.36
"""Between the keypoints of the shoulders of a grown-up who is seen from the front, m."""
SEEN = 0.3
"""Score from which on a keypoint counts."""
PLACES = {name: place for place, name in enumerate(LAYOUTS["openpose18"])}


@dataclass(frozen=True, eq=False)
class FramePlace:
    """Place of something in a camera's frame.

    Args:
        origin: (3,) m; x right, y down, z forward.
        axes: (3, 3), whose columns are its axes forward, left and up.
    """

    origin: Floats
    axes: Floats

    def transform(self, header: Header, name: str) -> TransformStamped:
        """The transform of a frame of this name, in that of the header."""
        x, y, z = self.origin.tolist()
        return transform(header, name, (x, y, z), quaternion(self.axes))


def face_place(face: Face, lens: PinholeCamera, distance: float = math.nan) -> FramePlace | None:
    """Place of a face: x out of it, z towards the scalp, the origin between the eyes; None where it cannot be known.

    Args:
        face: with landmarks and angles.
        lens: of its camera.
        distance: over the floor, m; NaN where nobody knows it.
    """
    eyes = np.array([(point.x, point.y) for point in face.landmarks[:2]], np.float64)
    angles = (face.yaw, face.pitch, face.roll)
    if len(eyes) < 2 or not np.isfinite([*eyes.ravel(), *angles]).all():
        return None
    box = face.box
    try:
        sellion = lens.rays(eyes.mean(axis=0))
        corners = lens.rays([(box.x_min, box.y_min), (box.x_max, box.y_max)])
    except ValueError:
        return None
    side = float(np.sqrt(np.prod(np.abs(corners[1, :2] - corners[0, :2]))))
    if not side > 0:
        return None
    depth = distance / math.hypot(sellion[0], 1) if distance > 0 else FACE_SIZE / side
    return FramePlace(sellion * depth, head_axes(*angles) * (1, -1, -1))


def gaze_of(face: str, gaze: str, header: Header) -> TransformStamped:
    """The transform of a gaze in the frame of its face: the head's direction as z, since eyes are not followed."""
    return transform(Header(stamp=header.stamp, frame_id=face), gaze, (0.0, 0.0, 0.0), OPTICAL)


def body_place(keypoints: Floats, lens: PinholeCamera, distance: float) -> FramePlace | None:
    """Place of a body: x out of it, z towards the head, the origin between the hips; None where it cannot be known.

    Args:
        keypoints: (18, 3) in the order of openpose18: x, y in pixels, score.
        lens: of its camera.
        distance: over the floor, m; NaN where nobody knows it.
    """
    torso = [PLACES[f"{side}_{part}"] for part in ("shoulder", "hip") for side in ("left", "right")]
    if not distance > 0 or not np.isfinite(keypoints[torso]).all() or (keypoints[torso, 2] < SEEN).any():
        return None
    nose = keypoints[PLACES["nose"]]
    looks = bool(np.isfinite(nose).all() and nose[2] >= SEEN)
    try:
        left, right, *hips = lens.rays(keypoints[torso, :2])
        tip = lens.rays(nose[:2]) if looks else None
    except ValueError:
        return None
    origin = (hips[0] + hips[1]) / 2
    depth = distance / math.hypot(origin[0], 1)
    shoulders = (left + right) / 2
    up = shoulders - origin
    length = float(np.hypot(*up[:2]))
    if not length > 0:
        return None
    up = np.array([up[0], up[1], 0.0]) / length
    aside = np.array([-up[1], up[0], 0.0])  # to the right in the image, for somebody who is upright
    across = float(np.clip((left - right) @ aside * depth / SHOULDERS, -1, 1))  # 1: turned to the camera
    turn = math.acos(across) * (0 if tip is None else math.copysign(1, (tip - shoulders) @ aside))
    if tip is None:  # the side is not known
        turn = 0 if across > 0 else math.pi
    forward = math.sin(turn) * aside - math.cos(turn) * np.array([0.0, 0.0, 1.0])
    return FramePlace(origin * depth, np.stack([forward, np.cross(up, forward), up], axis=-1))
