"""Geometry of faces: head pose, and alignment for the networks of identity and expression."""

from __future__ import annotations

import cv2
import numpy as np

from opendr_perception.tasks.face.formats import LANDMARKS, LEFT_EYE, OWN, RIGHT_EAR, RIGHT_EYE, Alignment
from opendr_perception.tasks.imaging import Image, PinholeCamera, Pixels, crop_resize, square, warp

ALIGNED = OWN.size
"""Side in pixels of the image that the package's own embedder takes."""

TEMPLATE = OWN.template
"""Places of right eye, left eye and mouth in it."""

EXPRESSION = 112
"""Side in pixels of the image that the expression network takes."""

EXPRESSION_MARGIN = 1.25
"""Side of that image over the longer side of the face's box."""

HEAD = np.array(
    [[0, 3.15, 0], [0, -3.15, 0], [5.7, 0, 3.6], [2.5, 0, 6.8], [-8.6, 6.55, 1.2], [-8.6, -6.55, 1.2]], np.float64
)
"""The landmarks of an average head in cm: x forward, y to its own right, z down. Fitted, together with their poses, to
what BlazeFace says of real faces, so that its habits are part of it; the scale is that of eyes 6.3 cm apart."""

FACING = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]])
"""From the head's axes (forward, right, down) to the camera's (right, down, forward) when it looks into the camera."""


def align(image: Image, landmarks: np.ndarray, out: Pixels | None = None, alignment: Alignment = OWN) -> Pixels:
    """Turn, shift and scale a face so that eyes and mouth come to lie where an embedder expects them.

    Where the face leaves the image its edges are repeated: black would be taken for a part of the face, and faces of
    different people that are cut in the same way for alike.

    Args:
        image: the image.
        landmarks: (6, 2) of one face, source pixels.
        out: canvas to fill, e.g. one row of a batch.
        alignment: of the embedder; of the package's own by default.

    Returns:
        (S, S, 3) uint8 RGB, where S is `alignment.size`; 150 by default.
    """
    to_source = similarity(alignment.template, landmarks[list(alignment.landmarks)])
    to_source[:, 1] *= alignment.stretch
    shrink = int(np.hypot(*to_source[:, 0]))
    if (
        2 <= shrink < min(image.height, image.width)
    ):  # a large face is made small by averaging: skipping pixels would show as noise
        image, to_source = _shrunk(image, to_source, shrink, alignment.size)
    return warp(image, to_source, (alignment.size, alignment.size), "rgb", out, repeat_edges=True)


def similarity(start: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """The rotation, scale and shift (2, 3) that bring points (n, 2) nearest to others, in the least squares' sense."""
    z, w = start @ [1, 1j], goal @ [1, 1j]
    z_mean, w_mean = z.mean(), w.mean()
    turn = np.vdot(z - z_mean, w - w_mean) / np.vdot(z - z_mean, z - z_mean).real
    shift = w_mean - turn * z_mean
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def expression_crop(image: Image, box: np.ndarray, out: Pixels | None = None) -> Pixels:
    """Cut out a face as the expression network wants it.

    Args:
        image: the image.
        box: (4,) of the face, source pixels.
        out: canvas to fill, e.g. one row of a batch.

    Returns:
        (112, 112, 3) uint8 RGB.
    """
    return crop_resize(image, square(box, EXPRESSION_MARGIN), (EXPRESSION, EXPRESSION), "rgb", out)[0]


def head_pose(landmarks: np.ndarray, camera: PinholeCamera) -> tuple[float, float, float]:
    """Head pose from landmarks and those of an average head (perspective-n-point).

    Args:
        landmarks: (6, 2) of one face, source pixels.
        camera: that took the image.

    Returns:
        Yaw, pitch, roll in rad relative to the camera's axis, all 0 for a head that looks against it: turns about the
        head's axes down, right and forward, in this order. Seen in the image, yaw is positive when the nose points to
        the right, pitch when it points up, roll when the head leans clockwise. NaN when there is no solution.
    """
    unknown = (np.nan, np.nan, np.nan)
    if landmarks.shape != (LANDMARKS, 2):
        raise ValueError(f"a face has {LANDMARKS} landmarks, got {landmarks.shape}")
    if not np.isfinite(landmarks).all():
        return unknown
    points = landmarks.astype(np.float64)
    try:
        solved, turn, place = cv2.solvePnP(HEAD, points, camera.matrix, camera.distortion, flags=cv2.SOLVEPNP_SQPNP)
    except cv2.error:  # SQPnP refuses points that are hardly apart, as those of a face of a few pixels
        return unknown
    if not solved or place[2, 0] <= 0:
        return unknown
    rotation = FACING.T @ cv2.Rodrigues(turn)[0]  # from the facing head's axes to the turned one's
    yaw = np.arctan2(rotation[1, 0], rotation[0, 0])
    pitch = np.arcsin(np.clip(-rotation[2, 0], -1, 1))
    roll = np.arctan2(rotation[2, 1], rotation[2, 2])
    return float(-yaw), float(pitch), float(-roll)


def head_axes(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """The head's axes forward, to its own right and down as columns (3, 3), in those of the camera: x right, y down,
    z forward. The angles are those of `head_pose`, rad."""
    turns = [cv2.Rodrigues(np.array(turn))[0] for turn in ((0, 0, -yaw), (0, pitch, 0), (-roll, 0, 0))]
    return np.asarray(FACING @ turns[0] @ turns[1] @ turns[2])


def with_ears(landmarks: np.ndarray, camera: PinholeCamera) -> np.ndarray:
    """Landmarks (6, 2) with ears where an average head has them whose eyes, nose and mouth are these.

    On 141 faces of ORL and Yale they are 0.10 of the box's side (median) from where BlazeFace sees them; yaw and pitch
    by `head_pose` change by 0.6 and 2.4 degrees.

    Args:
        landmarks: (6, 2) of one face, source pixels, whose last two are not known.
        camera: that took the image.
    """
    points = landmarks.astype(np.float64)
    known, ears = slice(RIGHT_EAR), slice(RIGHT_EAR, LANDMARKS)
    try:
        solved, turn, place = cv2.solvePnP(
            HEAD[known], points[known], camera.matrix, camera.distortion, flags=cv2.SOLVEPNP_SQPNP
        )
    except cv2.error:  # see head_pose
        solved = False
    if solved and place[2, 0] > 0:
        points[ears] = cv2.projectPoints(HEAD[ears], turn, place, camera.matrix, camera.distortion)[0].reshape(-1, 2)
    else:
        half = (points[LEFT_EYE] - points[RIGHT_EYE]) / 2
        points[ears] = points[RIGHT_EYE] - half, points[LEFT_EYE] + half
    return points.astype(landmarks.dtype)


def _shrunk(image: Image, to_source: np.ndarray, factor: int, side: int) -> tuple[Image, np.ndarray]:
    """The part of an image that a face needs, made smaller, and the map to it."""
    corners = to_source @ np.array([[0, side, 0, side], [0, 0, side, side], [1, 1, 1, 1]])
    size = np.array([image.width, image.height])
    low = np.clip(corners.min(axis=1).astype(int) - factor, 0, size - factor)
    high = np.clip(corners.max(axis=1).astype(int) + factor, low + factor, size)
    width, height = (high - low) // factor
    part = image.pixels[low[1] : low[1] + height * factor, low[0] : low[0] + width * factor]
    small = cv2.resize(part, (int(width), int(height)), interpolation=cv2.INTER_AREA)
    moved = to_source.copy()
    moved[:, 2] -= low
    return Image(np.asarray(small, np.uint8), image.encoding), moved / factor
