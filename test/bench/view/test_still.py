"""Baselines that say who it is by the first image and by what is rendered from it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.active.perception.face_mesh import FaceMesh
from opendr_perception.active.perception.observation import FaceObservation, Recognition
from opendr_perception.bench.view.still import AROUND, STILL, answers
from opendr_perception.tasks.face.detection import FaceDetector
from opendr_perception.tasks.imaging.image import Image, Pixels

UNSURE = Recognition("ann", -0.2)


@pytest.fixture(scope="module")
def mesh() -> FaceMesh:
    zoo.fetch(["facemesh", "blazeface", "astronaut.png"])
    return FaceMesh(zoo.session("facemesh"))


@pytest.fixture(scope="module")
def view() -> FaceObservation:
    image = Image(np.asarray(cv2.imread(str(zoo.sample("astronaut.png")))), "bgr8")
    (faces,) = FaceDetector(zoo.session("blazeface"))([image])
    return FaceObservation(image, faces.detections.boxes[0], faces.landmarks[0], UNSURE)


def test_the_front_decides_alone_and_the_best_of_all_otherwise(mesh: FaceMesh, view: FaceObservation) -> None:
    def recogniser(crops: Sequence[Pixels]) -> list[Recognition]:
        assert len(crops) == 1 + len(AROUND), "a face that looks ahead can be rendered from everywhere"
        return [Recognition("ben", 0.1), *(Recognition("cai", 0.1 * k) for k in range(len(AROUND)))]

    assert answers(view, mesh, recogniser) == {"threshold": ("", 1), "frontal": ("ben", 2), "synthetic": ("cai", 9)}


def test_a_rendering_that_is_nobody_is_nobody(mesh: FaceMesh, view: FaceObservation) -> None:
    found = answers(view, mesh, lambda crops: [Recognition("ben", -0.1)] * len(crops))
    assert [name for name, _ in found.values()] == ["", "", ""]


def test_what_is_no_face_is_not_rendered(mesh: FaceMesh, view: FaceObservation) -> None:
    def never(crops: Sequence[Pixels]) -> list[Recognition]:
        raise AssertionError("nothing is recognised")

    plain = Image(np.full_like(view.image.pixels, 90), "bgr8")
    leaves = FaceObservation(plain, view.box, view.landmarks, Recognition("dot", 0.3))
    assert answers(leaves, mesh, never) == {"threshold": ("dot", 1), "frontal": ("", 2), "synthetic": ("dot", 1)}
    assert answers(None, mesh, never) == dict.fromkeys(STILL, ("", 0))
