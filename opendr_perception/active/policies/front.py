"""Estimation of the front of a face, from views from the side."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from opendr_perception.active.perception import MIN_PRESENCE, PROFILE, FaceObservation, HeadFit, apparent_yaw, legible
from opendr_perception.tasks.imaging import Image

MESH_ERROR, LANDMARKS_ERROR = math.radians(4), math.radians(12)
"""Standard deviations of the two estimates, measured on simulated people; the mesh's where it fits."""
UNDERESTIMATED = 1.15
"""By how much a head is turned farther than its landmarks say."""
TURNED = math.radians(25)
"""Disagreement of views about the front from which on the person has turned, or what was seen before was misjudged."""


class Mesh(Protocol):
    """Fits a mesh to a face: a FaceMesh."""

    def fit(self, image: Image, box: np.ndarray, landmarks: np.ndarray) -> HeadFit:
        """Fit it to the face in this box, with these landmarks (6, 2), of an image."""
        ...


class FrontFinder:
    """Follows the front of one person's face over all views.

    Args:
        mesh: fits the face; up to 60 degrees it knows best how the head is turned.
    """

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self.begin()

    def begin(self) -> None:
        """Forget the last person."""
        self._sum = self._weight = 0.0

    def __call__(self, view: FaceObservation) -> float:
        """Angle to go around the person to see them from the front, rad, positive to the robot's own right.

        Args:
            view: the next one.
        """
        # The nose points to the right in the image when the camera is too far to the left.
        yaw, error = self._yaw(view)
        if not legible(view):
            return self._sum / self._weight - view.pan if self._weight else yaw
        if self._weight and abs(view.pan + yaw - self._sum / self._weight) > TURNED:
            self.begin()
        self._sum += (view.pan + yaw) / error**2
        self._weight += 1 / error**2
        return self._sum / self._weight - view.pan

    def _yaw(self, view: FaceObservation) -> tuple[float, float]:
        by_landmarks = apparent_yaw(view)
        if abs(by_landmarks) < PROFILE:
            fit = view.head or self._mesh.fit(view.image, view.box, view.landmarks)
            if fit.presence >= MIN_PRESENCE:
                return fit.yaw, MESH_ERROR
        return UNDERESTIMATED * by_landmarks, LANDMARKS_ERROR
