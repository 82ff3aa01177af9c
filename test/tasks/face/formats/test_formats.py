"""Outputs of face detectors and embedders of other projects mean what they mean there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.emotion import ExpressionNet
from opendr_perception.tasks.face import FaceDetector, FaceEmbedder, align, head_pose
from opendr_perception.tasks.face.formats import LEFT_EYE, MOUTH, OWN, RIGHT_EYE, common_boxes
from opendr_perception.tasks.face.formats.alignment import ARCFACE, FACENET
from opendr_perception.tasks.face.geometry import with_ears
from opendr_perception.tasks.imaging import Image, PinholeCamera
from opendr_perception.zoo.importing import import_model

STRIDES = (8, 16, 32)
SIZE = (64, 96)
FIVE = np.array([[40.0, 20], [52, 20], [46, 27], [42, 33], [50, 33]], np.float32)
"""Landmarks of a face on a canvas of 64 x 96: eyes, nose, corners of the mouth."""
BOX = np.array([34.0, 8, 58, 40], np.float32)
IMAGE = Image(np.zeros((64, 96, 3), np.uint8), "bgr8")


def imported(form: str, path: Path, cache: zoo.Cache) -> Session:
    return Session(zoo.require(import_model(form, path, "it", cache=cache).name, cache).path, threads=1)


@pytest.fixture
def cache(tmp_path: Path) -> zoo.Cache:
    return zoo.Cache(tmp_path / "cache")


def scrfd(batched: bool = True) -> dict[str, np.ndarray]:
    """The face in the second anchor of the cell of stride 16 at column 2, row 1."""
    outputs = {}
    for place, numbers in enumerate((1, 4, 10)):
        for level, stride in enumerate(STRIDES):
            outputs[f"{448 + 3 * place + level}"] = np.zeros(
                (1, 2 * (64 // stride) * (96 // stride), numbers), np.float32
            )
    cell, corner = 2 * (1 * 6 + 2) + 1, np.array([32.0, 16])
    names = list(outputs)
    outputs[names[1]][0, cell] = 0.9
    outputs[names[4]][0, cell] = [*(corner - BOX[:2]) / 16, *(BOX[2:] - corner) / 16]
    outputs[names[7]][0, cell] = ((FIVE - corner) / 16).ravel()
    return outputs if batched else {name: array[0] for name, array in outputs.items()}


def retinaface() -> dict[str, np.ndarray]:
    """The face by the second anchor box, of 128 pixels, of the cell of stride 16 at column 2, row 1."""
    counts = [2 * (64 // stride) * (96 // stride) for stride in STRIDES]
    boxes, scores, landmarks = (np.zeros((1, sum(counts), numbers), np.float32) for numbers in (4, 2, 10))
    scores[..., 0] = 1
    place, centre, side = counts[0] + 2 * (1 * 6 + 2) + 1, np.array([40.0, 24]), 128
    scores[0, place] = [0.1, 0.9]
    middle = (BOX[:2] + BOX[2:]) / 2
    boxes[0, place] = [*(middle - centre) / (0.1 * side), *np.log((BOX[2:] - BOX[:2]) / side) / 0.2]
    landmarks[0, place] = ((FIVE - centre) / (0.1 * side)).ravel()
    return {"loc": boxes, "conf": scores, "landms": landmarks}


@pytest.mark.parametrize(
    ("form", "outputs"),
    [("yunet", None), ("scrfd", scrfd()), ("scrfd", scrfd(batched=False)), ("retinaface", retinaface())],
    ids=["yunet", "scrfd", "scrfd without the axis of the batch", "retinaface"],
)
def test_a_face_is_where_the_outputs_say(
    form: str, outputs: Mapping[str, np.ndarray] | None, exports: Any, cache: zoo.Cache
) -> None:
    path = exports("it.onnx", outputs or exports.yunet_outputs())
    detector = FaceDetector(imported(form, path, cache), border=0.0)
    [faces] = detector([IMAGE])
    assert len(faces) == 1 and not faces.ears
    assert faces.detections.scores[0] == pytest.approx(0.9, abs=1e-6)
    expected = np.concatenate([FIVE[:3], FIVE[3:].mean(axis=0, keepdims=True)])
    np.testing.assert_allclose(faces.landmarks[0, :4], expected, atol=1e-3)
    right_ear, left_ear = faces.landmarks[0, 4:]
    assert right_ear[0] < FIVE[0, 0] and left_ear[0] > FIVE[1, 0] and abs(right_ear[1] - left_ear[1]) < 2
    x_min, y_min, x_max, y_max = faces.detections.boxes[0]
    assert x_max - x_min == pytest.approx(y_max - y_min, abs=1e-3) and BOX[1] < y_min and y_max < BOX[3] + 3


def test_weak_and_broken_candidates_are_left_out(exports: Any, cache: zoo.Cache) -> None:
    outputs = exports.yunet_outputs()
    outputs["bbox_8"][0, 30] = [0, 0, 1000, 1000]  # infinite
    outputs["cls_8"][0, 30] = outputs["obj_8"][0, 30] = 1
    outputs["cls_16"][0, 3], outputs["obj_16"][0, 3] = 0.9, 0.01
    [faces] = FaceDetector(imported("yunet", exports("it.onnx", outputs), cache), border=0.0)([IMAGE])
    assert len(faces) == 1 and np.isfinite(faces.landmarks).all() and np.isfinite(faces.detections.boxes).all()


def test_boxes_from_chin_to_forehead_become_those_of_blazeface() -> None:
    points = np.zeros((1, 8, 2), np.float32)
    points[0, :2] = [[10, 20], [102, 137]]  # 117 high
    [[low, high]] = common_boxes(points)[:, :2]
    np.testing.assert_allclose(high - low, 100, atol=1e-4)
    np.testing.assert_allclose((low + high) / 2, [56, 78.5 + 10], atol=1e-4)


def test_ears_that_are_not_given_change_no_head_pose(detected: np.ndarray) -> None:
    camera = PinholeCamera.assumed(512, 512)
    without = detected.copy()
    without[4:] = np.nan
    completed = with_ears(without, camera)
    np.testing.assert_array_equal(completed[:4], detected[:4])
    side = np.linalg.norm(detected[0] - detected[1]) * 2.5
    assert np.linalg.norm(completed[4:] - detected[4:], axis=1).max() < 0.25 * side
    change = np.degrees(np.subtract(head_pose(completed, camera), head_pose(detected, camera)))
    assert np.abs(change).max() < 8


def test_where_no_pose_fits_the_ears_are_beside_the_eyes() -> None:
    points = np.full((6, 2), 5.0, np.float32)
    points[1, 0] = 6
    points[4:] = np.nan
    assert np.isfinite(with_ears(points, PinholeCamera.assumed(64, 64))).all()


@pytest.fixture(scope="module")
def detected(models: dict[str, zoo.ModelFile], astronaut: np.ndarray) -> np.ndarray:
    [faces] = FaceDetector(Session(models["blazeface"].path, threads=1))([Image(astronaut, "bgr8")])
    return faces.landmarks[0]


@pytest.mark.parametrize("alignment", [OWN, ARCFACE, FACENET, ARCFACE.sized(224)], ids=["own", "arc", "net", "large"])
def test_landmarks_come_to_lie_where_an_embedder_wants_them(alignment: Any) -> None:
    image = np.zeros((400, 400, 3), np.uint8)
    turned = cv2.getRotationMatrix2D((200, 200), 20, 1.0)
    places = np.array([alignment.places[alignment.landmarks.index(k)] for k in (RIGHT_EYE, LEFT_EYE, MOUTH)])
    shown = places * (1, alignment.stretch) * (100 / alignment.size) + 150
    landmarks = np.zeros((6, 2), np.float32)
    for k, point in zip((RIGHT_EYE, LEFT_EYE, MOUTH), shown @ turned[:, :2].T + turned[:, 2], strict=True):
        landmarks[k] = point
        cv2.circle(image, [round(float(side)) for side in point], 3, (255, 255, 255), -1)
    if 2 in alignment.landmarks:
        nose = np.array(alignment.places[alignment.landmarks.index(2)]) * (100 / alignment.size) + 150
        landmarks[2] = nose @ turned[:, :2].T + turned[:, 2]
    aligned = align(Image(image, "bgr8"), landmarks, alignment=alignment)
    assert aligned.shape == (alignment.size, alignment.size, 3)
    for x, y in places:
        assert aligned[round(y), round(x), 0] > 100


@pytest.mark.parametrize(
    ("form", "size", "numbers", "first", "deviation", "apart"),
    [("arcface", 112, 448, 0, 127.5, 1.13), ("adaface", 112, 256, 2, 127.5, 1.13), ("facenet", 160, 128, 0, 128, 0.8)],
)
def test_an_embedder_gets_its_colours_and_gives_the_packages_unit(
    form: str, size: int, numbers: int, first: int, deviation: float, apart: float, exports: Any, cache: zoo.Cache
) -> None:
    embedder = FaceEmbedder(imported(form, exports.stripes(numbers, size), cache))
    assert (embedder.dimensions, embedder.alignment.size) == (numbers, size)
    face = np.random.default_rng(1).integers(0, 256, (size, size, 3), np.uint8)
    [found] = embedder([face])
    planes = (face[..., ::-1] if first else face).transpose(2, 0, 1)
    raw = ((planes - 127.5) / deviation).reshape(numbers, -1).mean(axis=1)
    np.testing.assert_allclose(found, raw / np.linalg.norm(raw) * 0.47 / apart, atol=1e-5)
    assert embedder([]).shape == (0, numbers)


def test_a_network_that_normalises_by_itself_gets_pixels(exports: Any, cache: zoo.Cache) -> None:
    """InsightFace knows networks from MXNet by the names of their first nodes."""
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("Sub", ["image", "mean"], ["centred"], "_minusscalar0"),
        helper.make_node("Mul", ["centred", "scale"], ["scaled"], "_mulscalar0"),
        helper.make_node("Reshape", ["scaled", "stripes"], ["rows"]),
        helper.make_node("ReduceMean", ["rows"], ["embedding"], axes=[2], keepdims=0),
    ]
    constants = [numpy_helper.from_array(np.array([0, 128, -1], np.int64), "stripes")]
    for key, value in (("mean", 127.5), ("scale", 1 / 128)):
        constants.append(numpy_helper.from_array(np.array(value, np.float32), key))
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 112, 112])]
    outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 128])]
    path = exports.write("mxnet.onnx", nodes, inputs, outputs, constants)
    face = np.random.default_rng(2).integers(0, 256, (112, 112, 3), np.uint8)
    [found] = FaceEmbedder(imported("arcface", path, cache))([face])
    raw = ((face.transpose(2, 0, 1) - 127.5) / 128).reshape(128, -1).mean(axis=1)
    np.testing.assert_allclose(found, raw / np.linalg.norm(raw) * 0.47 / 1.13, atol=1e-5)


@pytest.mark.parametrize("numbers", [7, 8, 9, 10])
def test_scores_of_hsemotion_become_probabilities_and_affect(numbers: int, exports: Any, cache: zoo.Cache) -> None:
    scores = np.linspace(-1, 2, numbers, dtype=np.float32)[None]
    session = imported("hsemotion", exports("it.onnx", {"output": scores}, (224, 224)), cache)
    net = ExpressionNet(session)
    labels = numbers if numbers < 9 else numbers - 2
    assert len(net.labels) == labels and net.labels[0] == "angry" and net.size == (224, 224)
    assert ("contempt" in net.labels) == (labels == 8)
    outputs = session.run({"image": np.zeros((1, 224, 224, 3), np.uint8)})
    expected = np.exp(scores[0, :labels]) / np.exp(scores[0, :labels]).sum()
    np.testing.assert_allclose(outputs["probabilities"][0], expected, atol=1e-6)
    assert ("valence_arousal" in outputs) == (numbers > 8)
    if numbers > 8:
        np.testing.assert_array_equal(outputs["valence_arousal"][0], scores[0, labels:])


def test_models_of_other_tasks_are_refused_in_one_line(exports: Any, cache: zoo.Cache) -> None:
    embedder = imported("arcface", exports.stripes(448, 112), cache)
    with pytest.raises(EngineError, match="format 'arcface' is no face detector; those are of yunet, scrfd"):
        FaceDetector(embedder)
    import_model("yunet", exports.one_face("faces.onnx"), "faces", cache=cache)
    with pytest.raises(EngineError, match="format 'yunet' is no embedder of faces; those are of arcface"):
        FaceEmbedder(Session(zoo.require("faces", cache).path, threads=1))


@pytest.mark.parametrize(
    ("form", "outputs"),
    [
        ("yunet", {"cls_8": np.zeros((1, 96, 1)), "obj_8": np.zeros((1, 96, 1))}),
        ("scrfd", dict([*scrfd().items()][:6])),  # without landmarks
        ("retinaface", {"loc": np.zeros((1, 252, 4)), "conf": np.zeros((1, 252, 2))}),
        ("arcface", {"embedding": np.zeros((1, 512), np.float32)}),  # not square
        ("hsemotion", {"output": np.zeros((1, 5), np.float32)}),
    ],
)
def test_files_of_other_formats_are_refused(form: str, outputs: Any, exports: Any, cache: zoo.Cache) -> None:
    with pytest.raises(zoo.ZooError, match=f"is not of the format {form}: expected the outputs"):
        import_model(form, exports("it.onnx", outputs), "it", cache=cache)
