"""Face detection: BlazeFace's decoding against its definition, and real faces of all sizes in real images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from opendr_perception import zoo
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.face.detection import FaceDetector, Faces
from opendr_perception.tasks.face.formats import (
    LEFT_EAR,
    LEFT_EYE,
    MOUTH,
    NOSE,
    RIGHT_EAR,
    RIGHT_EYE,
    anchor_centres,
    decode,
)
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.people.detection import Detections

FACE = np.array([173, 74, 277, 178], np.float32)
"""Box of the astronaut's face."""


@pytest.fixture(scope="module")
def detector(models: dict[str, zoo.ModelFile]) -> FaceDetector:
    return FaceDetector(Session(models["blazeface"].path, threads=1))


def on_grey(image: np.ndarray, height: int, width: int, x: int, y: int) -> Image:
    canvas = np.full((height, width, 3), 110, np.uint8)
    canvas[y : y + image.shape[0], x : x + image.shape[1]] = image
    return Image(canvas, "bgr8")


def test_anchors_are_the_middles_of_cells_two_then_six_of_each() -> None:
    centres = anchor_centres()
    assert centres.shape == (16 * 16 * 2 + 8 * 8 * 6, 2)
    np.testing.assert_array_equal(centres[:3], [[8, 8], [8, 8], [24, 8]])
    np.testing.assert_array_equal(centres[32], [8, 24])
    np.testing.assert_array_equal(centres[512:519], [[16, 16]] * 6 + [[48, 16]])
    np.testing.assert_array_equal(centres[-1], [240, 240])


def test_centre_and_landmarks_are_relative_to_the_anchor_and_the_size_is_not() -> None:
    raw = np.arange(16, dtype=np.float32)[None]
    [points] = decode(raw, np.array([[100, 200]], np.float32))
    np.testing.assert_array_equal(points[:2], [[100 - 1, 201 - 1.5], [100 + 1, 201 + 1.5]])
    np.testing.assert_array_equal(points[2:], np.add(raw.reshape(-1, 2)[2:], [100, 200]))


def test_the_astronaut_looks_at_us(detector: FaceDetector, astronaut: np.ndarray) -> None:
    [faces] = detector([Image(astronaut, "bgr8")])
    assert len(faces) == 1
    assert 0.8 < faces.detections.scores[0] <= 1
    np.testing.assert_allclose(faces.detections.boxes[0], FACE, atol=6)
    [points] = faces.landmarks
    order = [RIGHT_EAR, RIGHT_EYE, NOSE, LEFT_EYE, LEFT_EAR]
    assert (np.diff(points[order, 0]) > 5).all(), "from the person's right, which is the left of the image, to the left"
    assert max(points[RIGHT_EYE, 1], points[LEFT_EYE, 1]) < points[NOSE, 1] < points[MOUTH, 1]
    [mirrored] = detector([Image(np.ascontiguousarray(astronaut[:, ::-1]), "bgr8")])
    np.testing.assert_allclose(512 - mirrored.landmarks[0][[LEFT_EYE, RIGHT_EYE], 0], points[:2, 0], atol=4)


@pytest.mark.parametrize(("height", "width"), [(480, 640), (640, 480), (256, 256), (300, 512)])
def test_places_are_those_of_the_source_whatever_its_shape(
    detector: FaceDetector, astronaut: np.ndarray, height: int, width: int
) -> None:
    head = astronaut[30:220, 130:320]
    [faces] = detector([on_grey(head, height, width, 40, 50)])
    assert len(faces) == 1
    np.testing.assert_allclose(faces.detections.boxes[0], FACE + [40 - 130, 50 - 30] * 2, atol=10)


def test_small_faces_of_a_large_image_are_found_in_tiles(detector: FaceDetector, astronaut: np.ndarray) -> None:
    small = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    places = [(0, 0), (500, 300), (1000, 700), (1640, 800), (380, 800)]  # a border between tiles goes through some
    canvas = np.full((1080, 1920, 3), 110, np.uint8)
    for x, y in places:
        canvas[y : y + 256, x : x + 256] = small
    expected = np.array([FACE / 2 + [x, y] * 2 for x, y in places])

    [faces] = detector([Image(canvas, "bgr8")])
    assert len(faces) == len(places)
    for box in expected:
        assert np.abs(faces.detections.boxes - box).max(axis=1).min() < 8

    session = zoo.session("blazeface", threads=1)
    [without] = FaceDetector(session, tile_size=0)([Image(canvas, "bgr8")])
    assert len(without) < len(places)


def test_a_large_face_of_a_large_image_is_one_face(detector: FaceDetector, astronaut: np.ndarray) -> None:
    large = cv2.resize(astronaut[:250, 100:350], (1200, 1200))
    [faces] = detector([on_grey(large, 1200, 1800, 200, 0)])
    assert len(faces) == 1
    expected = (FACE - [100, 0, 100, 0]) * (1200 / 250) + [200, 0, 200, 0]
    np.testing.assert_allclose(faces.detections.boxes[0], expected, atol=40)


def test_a_face_that_leaves_the_image_has_a_box_inside_and_landmarks_outside(
    detector: FaceDetector, astronaut: np.ndarray
) -> None:
    half = np.ascontiguousarray(astronaut[:, 205:])  # through the right eye
    [faces] = detector([Image(half, "bgr8")])
    assert len(faces) == 1
    assert faces.detections.boxes[0, 0] == 0
    assert faces.landmarks[0, RIGHT_EAR, 0] < 0


def test_a_face_that_fills_the_image_is_found_with_a_border_and_its_box_stays_inside(
    detector: FaceDetector, astronaut: np.ndarray
) -> None:
    x_min, y_min, x_max, y_max = FACE.astype(int)
    filled = Image(np.ascontiguousarray(astronaut[y_min:y_max, x_min:x_max]), "bgr8")
    [faces] = detector([filled])
    assert len(faces) == 1
    box = faces.detections.boxes[0]
    assert (box >= 0).all() and (box <= [filled.width, filled.height] * 2).all()
    [whole] = detector([Image(astronaut, "bgr8")])
    expected = whole.landmarks[0, [RIGHT_EYE, LEFT_EYE, NOSE, MOUTH]] - [x_min, y_min]
    without = FaceDetector(Session(zoo.require("blazeface").path, threads=1), border=0.0)([filled])[0]

    def error(found: Faces) -> float:
        points = found.landmarks[0, [RIGHT_EYE, LEFT_EYE, NOSE, MOUTH]]
        return float(np.linalg.norm(points - expected, axis=1).mean())

    assert error(faces) < 3
    assert not len(without) or error(faces) < error(without)


def test_a_border_changes_nothing_about_faces_far_from_it(detector: FaceDetector, astronaut: np.ndarray) -> None:
    scene = on_grey(astronaut[30:220, 130:320], 480, 640, 240, 150)
    plain = FaceDetector(Session(zoo.require("blazeface").path, threads=1), border=0.0)
    [[with_border], [without]] = detector([scene]), plain([scene])
    np.testing.assert_allclose(with_border.landmarks, without.landmarks, atol=1e-3)


def test_images_without_faces_and_no_images_give_none(detector: FaceDetector, astronaut: np.ndarray) -> None:
    empty = Image(np.full((10, 2000, 3), 90, np.uint8), "bgr8")
    noise = Image(np.random.default_rng(0).integers(0, 255, (240, 320), np.uint8), "mono8")
    found = detector([empty, Image(astronaut, "bgr8"), noise])
    assert list(map(len, found)) == [0, 1, 0]
    assert found[0].landmarks.shape == (0, 6, 2)
    assert detector([]) == []


def test_numbers_that_are_none_are_left_out(tmp_path: Path, astronaut: np.ndarray) -> None:
    boxes = np.zeros((1, 896, 16), np.float32)
    boxes[0, 0, 5] = np.nan
    boxes[0, 1] = 100
    scores = np.zeros((1, 896), np.float32)
    scores[0, :2] = 0.9
    [faces] = FaceDetector(constant_model(tmp_path / "face.onnx", boxes=boxes, scores=scores))(
        [Image(astronaut, "bgr8")]
    )
    assert len(faces) == 1
    assert np.isfinite(faces.landmarks).all()


def constant_model(path: Path, **outputs: Any) -> Session:
    """A model that always gives the same."""
    nodes = [
        helper.make_node("Constant", [], [name], value=onnx.numpy_helper.from_array(value))
        for name, value in outputs.items()
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 256, 256, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape) for name, value in outputs.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return Session(path)


def test_models_and_options_that_do_not_fit_are_refused(models: dict[str, zoo.ModelFile]) -> None:
    with pytest.raises(EngineError, match="expected the inputs image uint8"):
        FaceDetector(Session(models["face-expression"].path))
    with pytest.raises(ValueError, match="tile_size must not be negative"):
        FaceDetector(Session(models["blazeface"].path), tile_size=-1)
    with pytest.raises(ValueError, match="border must be"):
        FaceDetector(Session(models["blazeface"].path), border=-0.1)
    with pytest.raises(ValueError, match="do not belong"):
        Faces(Detections(np.zeros((2, 4), np.float32), np.zeros(2, np.float32)), np.zeros((1, 6, 2), np.float32))
