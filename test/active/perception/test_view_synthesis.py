"""Synthesis of views of a face."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from opendr_perception.active.perception.face_mesh import FACE, FaceMesh, HeadFit, head_yaw, topology, visible
from opendr_perception.active.perception.raster import EMPTY, rasterise
from opendr_perception.active.perception.view_synthesis import synthesise, turn
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.face.detection import FaceDetector
from opendr_perception.tasks.face.geometry import align
from opendr_perception.tasks.imaging.image import Image


@pytest.fixture(scope="module")
def image(astronaut: np.ndarray) -> Image:
    return Image(astronaut, "bgr8")


@pytest.fixture(scope="module")
def mesh(models: Any) -> FaceMesh:
    return FaceMesh(Session(models["facemesh"].path, threads=1))


@pytest.fixture(scope="module")
def face(models: Any, image: Image) -> tuple[np.ndarray, np.ndarray]:
    (faces,) = FaceDetector(Session(models["blazeface"].path, threads=1))([image])
    return faces.detections.boxes[0], faces.landmarks[0]


@pytest.fixture(scope="module")
def fit(mesh: FaceMesh, image: Image, face: tuple[np.ndarray, np.ndarray]) -> HeadFit:
    return mesh.fit(image, *face)


def test_the_nearest_triangle_is_shown_where_it_is() -> None:
    vertices = np.array([[0, 0, 5], [10, 0, 5], [0, 10, 5], [0, 0, 1], [4, 0, 1], [0, 4, 1]], float)
    raster = rasterise(vertices, np.array([[3, 4, 5], [0, 1, 2]]), (10, 10))
    assert raster.triangle[0, 0] == 0
    assert raster.triangle[6, 1] == 1
    assert raster.triangle[9, 9] == EMPTY
    at = raster.interpolate(vertices[:, :2])
    assert at[1, 6] == pytest.approx([6.5, 1.5], abs=1e-5)


def test_the_mesh_is_symmetric_and_looks_ahead() -> None:
    mesh = topology()
    assert (mesh.mirror[mesh.mirror] == np.arange(len(mesh.canonical))).all()
    mirrored = mesh.canonical[mesh.mirror] * [-1, 1, 1]
    np.testing.assert_allclose(mirrored, mesh.canonical, atol=1e-5)
    assert head_yaw(mesh.canonical) == pytest.approx(0, abs=1e-6)
    assert visible(mesh.canonical)[:FACE].mean() > 0.9


@pytest.mark.parametrize("degrees", [-40, -15, 20, 60])
def test_a_camera_that_goes_right_sees_the_nose_go_left(degrees: float) -> None:
    turned = topology().canonical @ turn(math.radians(degrees)).T
    assert math.degrees(head_yaw(turned)) == pytest.approx(-degrees, abs=1e-3)
    between_eyes = turned[[33, 263], 0].mean()
    assert np.sign(turned[1, 0] - between_eyes) == -np.sign(degrees)
    hidden = ~visible(turned)[:FACE]
    assert hidden.mean() < 0.6
    if abs(degrees) > 30:  # the far cheek is hidden: that of the image's side to which the nose points
        assert np.sign(turned[:FACE][hidden, 0].mean()) == -np.sign(degrees)


def test_the_fit_is_a_face_from_the_front(fit: HeadFit, face: tuple[np.ndarray, np.ndarray]) -> None:
    assert fit.presence > 0.9
    assert abs(math.degrees(fit.yaw)) < 10
    eyes = fit.vertices[[33, 263], :2].mean(0)
    assert np.linalg.norm(eyes - face[1][:2].mean(0)) < 0.1 * (face[0][2] - face[0][0])


def test_what_is_no_face_has_no_presence(mesh: FaceMesh, image: Image) -> None:
    landmarks = np.array([[20, 420], [60, 420], [40, 440], [40, 460], [10, 430], [70, 430]], float)
    assert mesh.fit(image, np.array([10.0, 400, 80, 480]), landmarks).presence < 0.5


def test_no_turn_gives_the_image_back(fit: HeadFit, image: Image, face: tuple[np.ndarray, np.ndarray]) -> None:
    rendered = synthesise(image, fit, 0.0)
    assert rendered.coverage > 0.9
    middle = slice(40, 120), slice(40, 110)
    real = align(image, face[1])
    shift = min(
        np.abs(np.roll(rendered.pixels, (dy, dx), (0, 1))[middle].astype(int) - real[middle]).mean()
        for dy in range(-8, 9)
        for dx in range(-4, 5)
    )
    assert shift < 16  # of 255, after the two ways of alignment are brought together


@pytest.mark.parametrize("degrees", [-30, 15, 30])
def test_a_rendered_face_is_turned_by_the_angle(mesh: FaceMesh, fit: HeadFit, image: Image, degrees: float) -> None:
    rendered = synthesise(image, fit, math.radians(degrees))
    box, landmarks = (
        np.array([30.0, 25, 120, 130]),
        np.array([[48, 47], [100, 47], [74, 75], [74, 103], [30, 60], [120, 60]]),
    )
    again = mesh.fit(Image(rendered.pixels, "rgb8"), box, landmarks.astype(float))
    assert math.degrees(again.yaw - fit.yaw) == pytest.approx(-degrees, abs=10)


def test_a_model_of_another_kind_is_refused(models: Any) -> None:
    with pytest.raises(EngineError, match="expected the inputs"):
        FaceMesh(Session(models["blazeface"].path, threads=1))
