"""Estimation of the front of a face."""

from __future__ import annotations

import math

import numpy as np
import pytest

from opendr_perception.active.perception.face_mesh import HeadFit
from opendr_perception.active.perception.observation import FaceObservation, Recognition
from opendr_perception.active.policies.front import FrontFinder
from opendr_perception.tasks.face.geometry import FACING, HEAD
from opendr_perception.tasks.imaging.image import Image

BLACK = Image(np.zeros((480, 640, 3), np.uint8), "bgr8")
FOCAL = 320 / math.tan(math.radians(30))


class Mesh:
    """Says what it is told."""

    def __init__(self, degrees: float = 0.0, presence: float = 1.0) -> None:
        self.degrees, self.presence = degrees, presence

    def fit(self, image: Image, box: np.ndarray, landmarks: np.ndarray) -> HeadFit:
        return HeadFit(np.zeros((0, 3)), np.zeros(0, bool), self.presence, math.radians(self.degrees))


def view(yaw: float, pan: float = 0.0) -> FaceObservation:
    """An average head, turned by some degrees, the nose to the right."""
    c, s = math.cos(math.radians(-yaw)), math.sin(math.radians(-yaw))
    head = HEAD @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T @ FACING.T + [0, 0, 100]
    points = head[:, :2] / head[:, 2:] * FOCAL + [320, 240]
    return FaceObservation(BLACK, np.zeros(4), points, Recognition("ann", 0.0), 1.0, math.radians(pan))


def find(mesh: Mesh, *views: FaceObservation) -> float:
    front = FrontFinder(mesh)
    return math.degrees([front(view) for view in views][-1])


def test_the_front_lies_where_the_nose_points() -> None:
    assert find(Mesh(40), view(30)) == pytest.approx(40)
    assert find(Mesh(-40), view(-30)) == pytest.approx(-40)


def test_a_mesh_that_does_not_fit_or_sees_a_profile_is_not_believed() -> None:
    assert find(Mesh(5, presence=0.1), view(50)) == pytest.approx(50 * 1.15, abs=1)
    assert find(Mesh(-5), view(75)) == pytest.approx(75 * 1.15, abs=1)


def test_views_from_several_places_agree_on_one_front() -> None:
    assert find(Mesh(20), view(20), view(20, pan=0)) == pytest.approx(20)
    # From 60 degrees farther on, the front is where the better view says, nearly.
    assert find(Mesh(10), view(80), view(10, pan=70)) == pytest.approx(11, abs=1.5)


def test_a_person_who_turns_has_their_front_elsewhere() -> None:
    assert find(Mesh(40), view(30), view(30, pan=60)) == pytest.approx(40)


def test_another_person_has_another_front() -> None:
    front = FrontFinder(Mesh(40))
    front(view(30))
    front.begin()
    assert math.degrees(front(view(30, pan=-90))) == pytest.approx(40)
