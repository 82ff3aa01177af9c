"""Trust in an expression, by size, turn, light and sharpness of the face."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.imaging import Image, Pixels

Span = tuple[float, float]

TRUSTED_SIZE: Span = (8.0, 28.0)
"""Pixels of the box's shorter side: below the first an expression says nothing, from the second on it is trusted."""
TRUSTED_SHARE: Span = (0.5, 0.95)
"""The same for the share of the box, and of the landmarks, that lies in the image."""
TRUSTED_ANGLES: tuple[Span, Span, Span] = ((65.0, 30.0), (45.0, 20.0), (60.0, 20.0))
"""The same for yaw, pitch and roll of the head in degrees. Pitch is narrow: networks call who looks down sad."""
TRUSTED_CONTRAST: Span = (4.0, 24.0)
"""The same for grey levels between the darkest and the brightest twentieth of the face: few are dark, or pale."""
TRUSTED_SHARPNESS: Span = (0.012, 0.035)
"""The same for `sharpness`. Of clear faces of the web 99 % have more than 0.06; blurred by 1, 2 and 4 of 48 pixels the
median is 0.045, 0.025 and 0.015."""
SHARP_SIDE = 48
"""Pixels of the crop in which sharpness is measured: finer lines say nothing to these networks."""

MIDDLE = slice(0.15, 0.85)
"""Part of a crop, along both sides, that shows the face and not what is behind it."""
GREY = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class FaceView:
    """Position and head pose of a face in an image.

    Args:
        box: (4,) x_min, y_min, x_max, y_max in pixels; it may reach beyond the image, or be no box at all.
        landmarks: (k, 2) x, y in pixels; a detector may have cut the box, but not them, to the image.
        angles: yaw, pitch and roll in radians relative to the camera; NaN where unknown.
        track: a name that stays with the face; '' if it has none.
    """

    box: np.ndarray
    landmarks: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    angles: tuple[float, float, float] = (np.nan, np.nan, np.nan)
    track: str = ""


def visible(face: FaceView, image: Image) -> bool:
    """True if the face has a box, and some of it lies in the image."""
    return bool(np.isfinite(face.box).all()) and _share_inside(face.box, image) > 0


def trust_in(face: FaceView, image: Image) -> float:
    """Trust in the expression of a view, from 0 to 1: by size, visible share of the face and angles of the
    head, where they are known."""
    width, height = face.box[2:] - face.box[:2]
    grades = [_ramp(min(width, height), TRUSTED_SIZE), _ramp(_share_inside(face.box, image), TRUSTED_SHARE)]
    if len(face.landmarks):
        inside = (face.landmarks >= 0) & (face.landmarks <= (image.width, image.height))
        grades.append(_ramp(inside.all(axis=1).mean(), TRUSTED_SHARE))
    for angle, span in zip(np.degrees(face.angles), TRUSTED_ANGLES, strict=True):
        grades.append(1.0 if np.isnan(angle) else _ramp(abs(angle), span))
    return float(np.prod(grades))


def trust_in_sharpness(crop: Pixels) -> float:
    """Trust, from 0 to 1, that focus and motion in a face's crop (H, W, 3) RGB allow."""
    return _ramp(sharpness(crop), TRUSTED_SHARPNESS)


def trust_in_light(crop: Pixels) -> float:
    """Trust, from 0 to 1, that light and exposure of a face's crop (H, W, 3) RGB allow."""
    return _ramp(contrast(crop), TRUSTED_CONTRAST)


def contrast(crop: Pixels) -> float:
    """Grey levels between the darkest and the brightest twentieth of the middle of a crop (H, W, 3) RGB."""
    return _span(_middle(crop))


def sharpness(crop: Pixels) -> float:
    """Share of fine lines in the contrast of the middle of a crop (H, W, 3) RGB: the standard deviation of what is
    smaller than a pixel or two of a crop of SHARP_SIDE, over `contrast`."""
    if max(crop.shape[:2]) > SHARP_SIDE:
        crop = np.asarray(cv2.resize(crop, (SHARP_SIDE, SHARP_SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    grey = _middle(crop)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), 1.0)
    return float(fine.std()) / max(_span(grey), 1.0)


def _middle(crop: Pixels) -> npt.NDArray[np.float32]:
    rows, columns = (slice(int(MIDDLE.start * side), round(MIDDLE.stop * side)) for side in crop.shape[:2])
    return np.asarray(crop[rows, columns] @ GREY, np.float32)


def _span(grey: npt.NDArray[np.float32]) -> float:
    dark, bright = np.percentile(grey, [5, 95])
    return float(bright - dark)


def _share_inside(box: np.ndarray, image: Image) -> float:
    size = np.maximum(box[2:] - box[:2], 0)
    inside = np.minimum(box[2:], (image.width, image.height)) - np.maximum(box[:2], 0)
    return float((np.maximum(inside, 0) / size).prod()) if size.all() else 0.0


def _ramp(value: float, span: Span) -> float:
    """From 0 at the first end of a span to 1 at the second."""
    return float(np.clip((value - span[0]) / (span[1] - span[0]), 0, 1))
