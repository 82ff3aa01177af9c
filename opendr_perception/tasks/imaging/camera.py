"""The one model of a camera: where a point in space is seen, and in which direction a pixel looks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ASSUMED_FIELD_OF_VIEW = math.radians(60)
"""Horizontal, of cameras that do not say."""
NARROWEST, WIDEST = math.radians(5), math.radians(170)
"""Fields of view between which a calibration is believed."""
SAME_ASPECT = 0.01
"""Relative difference of the aspect ratio up to which an image is the calibrated one, resized."""
MODELS = ("", "plumb_bob", "rational_polynomial")
"""Distortion models whose coefficients are those of OpenCV; '' is a camera that tells none."""
COEFFICIENTS = (0, 4, 5, 8, 12, 14)
"""Numbers of coefficients that OpenCV takes."""
NEAR_PIXEL = 2.0
"""Pixels between a pixel and its own direction seen again; more, where the distortion was never measured."""


@dataclass(frozen=True, eq=False)
class PinholeCamera:
    """A pinhole camera with lens distortion [OpenCV, calib3d]. Its axes: x right, y down, z forward.

    Args:
        matrix: (3, 3) intrinsic matrix K, pixels.
        width: of its images, pixels.
        height: of its images, pixels.
        distortion: (d,) coefficients as OpenCV takes them.

    Raises:
        ValueError: it is no calibration of a camera.
    """

    matrix: Floats
    width: int
    height: int
    distortion: Floats

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0:
            raise ValueError(f"the calibration is for images of {self.width}x{self.height} pixels")
        if self.matrix.shape != (3, 3) or not np.isfinite(self.matrix).all():
            raise ValueError("the camera's matrix must be 3x3 and finite")
        if not self.matrix.any():
            raise ValueError("the camera is not calibrated: its matrix is all zero")
        if self.distortion.shape not in {(n,) for n in COEFFICIENTS} or not np.isfinite(self.distortion).all():
            raise ValueError(f"the distortion must be {COEFFICIENTS} finite coefficients, got {self.distortion}")
        for focal, centre, size, name in (
            (self.matrix[0, 0], self.matrix[0, 2], self.width, "horizontal"),
            (self.matrix[1, 1], self.matrix[1, 2], self.height, "vertical"),
        ):
            view = 2 * math.atan2(size / 2, focal)
            if not NARROWEST <= view <= WIDEST:
                raise ValueError(
                    f"the camera is not calibrated: a focal length of {focal:g} for {size} pixels is a {name} field of "
                    f"view of {math.degrees(view):.0f} degrees"
                )
            if not 0 <= centre <= size:
                raise ValueError(f"the camera's axis is outside of the image, at {centre:g} of {size} pixels, {name}")

    @classmethod
    def assumed(cls, width: int, height: int, field_of_view: float = ASSUMED_FIELD_OF_VIEW) -> PinholeCamera:
        """A camera that looks through the middle of its images, with a horizontal field of view, rad."""
        focal = width / 2 / math.tan(field_of_view / 2)
        matrix = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
        return cls(matrix, width, height, np.zeros(4))

    @classmethod
    def from_info(
        cls, k: Sequence[float], d: Sequence[float], width: int, height: int, model: str = ""
    ) -> PinholeCamera:
        """Camera from a `sensor_msgs/CameraInfo`.

        Args:
            k: nine numbers, the rows of K.
            d: distortion coefficients.
            width: of the calibrated images, pixels.
            height: of the calibrated images, pixels.
            model: name of the distortion model.

        Raises:
            ValueError: it is no calibration, or one of another kind of lens.
        """
        if model not in MODELS:
            raise ValueError(f"the distortion model is '{model[:40]}': rectify the images; only {MODELS[1:]} are known")
        return cls(np.reshape(np.asarray(k, np.float64), (3, 3)), width, height, np.asarray(d, np.float64))

    @property
    def focal(self) -> float:
        """Horizontal focal length, pixels."""
        return float(self.matrix[0, 0])

    @property
    def half_view(self) -> float:
        """Angle between the axis and the nearer one of the image's left and right borders, rad."""
        centre = float(self.matrix[0, 2])
        return math.atan2(min(centre, self.width - centre), self.focal)

    def scaled_to(self, width: int, height: int) -> PinholeCamera:
        """The camera when its images are resized.

        Raises:
            ValueError: images of this size are not its own, resized: they may be cut.
        """
        if (width, height) == (self.width, self.height):
            return self
        across, down = width / self.width, height / self.height
        if not (width > 0 and height > 0) or abs(across / down - 1) > SAME_ASPECT:
            raise ValueError(
                f"the calibration is for images of {self.width}x{self.height} pixels, and they are {width}x{height}, "
                "which is another shape: calibrate the camera at the size that it is used with"
            )
        return PinholeCamera(self.matrix * [[across], [down], [1.0]], width, height, self.distortion)

    def cut_to(self, left: int, top: int, width: int, height: int) -> PinholeCamera:
        """The camera when only a part of its images is kept.

        Raises:
            ValueError: the part is not inside of them, or without the camera's axis.
        """
        if left < 0 or top < 0 or left + width > self.width or top + height > self.height:
            raise ValueError(f"a part of {width}x{height} pixels at {left}, {top} of {self.width}x{self.height}")
        matrix = self.matrix - [[0, 0, left], [0, 0, top], [0, 0, 0]]
        return PinholeCamera(matrix, width, height, self.distortion)

    def project(self, points: npt.ArrayLike) -> Floats:
        """Pixels (..., 2) of points (..., 3) in the camera's axes; only meaningful in front of it."""
        seen = np.asarray(points, np.float64)
        flat = np.ascontiguousarray(seen.reshape(-1, 3))
        if not len(flat):
            return np.zeros((*seen.shape[:-1], 2))
        still = np.zeros(3)
        pixels, _ = cv2.projectPoints(flat, still, still, self.matrix, self.distortion)
        return np.asarray(pixels, np.float64).reshape(*seen.shape[:-1], 2)

    def rays(self, pixels: npt.ArrayLike) -> Floats:
        """Directions (..., 3) of pixels (..., 2), in the camera's axes, with z = 1.

        Raises:
            ValueError: a pixel is none, or so far out that the calibration does not describe the lens there.
        """
        seen = np.asarray(pixels, np.float64)
        if not np.isfinite(seen).all():
            raise ValueError(f"pixels must be finite, got {seen.tolist()}")
        flat = np.ascontiguousarray(seen.reshape(-1, 1, 2))
        plane = np.asarray(cv2.undistortPoints(flat, self.matrix, self.distortion), np.float64).reshape(-1, 2)
        rays = np.concatenate([plane, np.ones((len(plane), 1))], axis=1).reshape(*seen.shape[:-1], 3)
        if self.distortion.any():
            again = self.project(rays)
            if not np.isfinite(again).all() or np.abs(again - seen).max(initial=0.0) > NEAR_PIXEL:
                raise ValueError("the calibration does not describe the lens so far from its axis")
        return rays

    def bearing(self, column: float) -> float:
        """Angle to the left of the axis at which a column of the image looks, rad."""
        ray = self.rays([column, float(self.matrix[1, 2])])
        return math.atan2(-float(ray[0]), 1.0)
