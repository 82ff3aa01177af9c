"""Rigid transforms in three dimensions, such as the mount of a sensor on the robot."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Pose3:
    """Pose of a frame in a parent frame: `point_in_parent = rotation @ point + translation`.

    Args:
        translation: (3,) float, m.
        rotation: (3, 3) float, a rotation matrix.

    Raises:
        ValueError: the values are not finite, or the matrix is no rotation.
    """

    translation: np.ndarray
    rotation: np.ndarray

    def __post_init__(self) -> None:
        if self.translation.shape != (3,) or self.rotation.shape != (3, 3):
            raise ValueError("a pose is a translation (3,) and a rotation (3, 3)")
        if not (np.isfinite(self.translation).all() and np.isfinite(self.rotation).all()):
            raise ValueError("a pose must be finite")
        if not np.allclose(self.rotation @ self.rotation.T, np.eye(3), atol=1e-3) or np.linalg.det(self.rotation) < 0:
            raise ValueError("the matrix of a pose must be a rotation")

    @staticmethod
    def identity() -> Pose3:
        """Make the pose of a frame that is its own parent."""
        return Pose3(np.zeros(3), np.eye(3))

    @staticmethod
    def planar(x: float, y: float, yaw: float) -> Pose3:
        """Make a pose on the floor, m and rad (REP 103)."""
        c, s = math.cos(yaw), math.sin(yaw)
        return Pose3(np.array([x, y, 0.0]), np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]))

    @staticmethod
    def quaternion(translation: tuple[float, float, float], turned: tuple[float, float, float, float]) -> Pose3:
        """Make a pose from a translation (m) and a quaternion x, y, z, w, which is normalised.

        Raises:
            ValueError: something is not finite, or the quaternion has no length.
        """
        length = math.hypot(*turned)
        if not (math.isfinite(length) and length > 1e-6):
            raise ValueError(f"no rotation: quaternion {turned}")
        x, y, z, w = (part / length for part in turned)
        rotation = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
        return Pose3(np.array(translation, np.float64), np.array(rotation))

    def __matmul__(self, inner: Pose3) -> Pose3:
        """Compose: the pose, in this pose's parent, of what has pose `inner` in this frame."""
        return Pose3(self.rotation @ inner.translation + self.translation, self.rotation @ inner.rotation)

    def inverse(self) -> Pose3:
        """Return the parent's pose in this frame."""
        return Pose3(-self.rotation.T @ self.translation, self.rotation.T)

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Move points (n, 3) of this frame into the parent frame, (n, 3)."""
        return points @ self.rotation.T + self.translation
