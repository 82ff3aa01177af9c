"""Face networks with random outputs give what the code of their own projects reads from the same files."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.emotion import ExpressionNet
from opendr_perception.tasks.face import FaceEmbedder, align
from opendr_perception.tasks.face.formats import FaceFormat, detector_format
from opendr_perception.tasks.imaging import Image
from opendr_perception.zoo.importing import import_model

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(sys.version_info < (3, 11), reason="uniface and scikit-image want Python 3.11"),
]

RANDOM = np.random.default_rng(7)
STRIDES = (8, 16, 32)
SIDE = 96
PIXELS = RANDOM.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
THRESHOLD = 0.6


def imported(form: str, path: Path, tmp_path: Path) -> Session:
    cache = zoo.Cache(tmp_path / "cache")
    import_model(form, path, "it", cache=cache)
    return Session(zoo.require("it", cache).path, threads=1)


def read(session: Session) -> tuple[FaceFormat, np.ndarray, np.ndarray]:
    """The format of a detector, and what it reads: (n, 4 + 8) boxes and four landmarks, best first, and scores."""
    form = detector_format(session)
    canvas = np.zeros((*form.size, 3), np.uint8)
    form.fit(Image(PIXELS, "bgr8"), form.size, canvas)
    outputs = {name: rows[0] for name, rows in session.run({"image": canvas[None]}).items()}
    found = form.decode(outputs, THRESHOLD)
    order = np.argsort(-found.scores)
    return form, found.points[order][:, :6].reshape(-1, 12), found.scores[order]


def four(five: np.ndarray) -> np.ndarray:
    """(n, 8) eyes, nose and the middle of the mouth, of (n, 10)."""
    points = five.reshape(-1, 5, 2)
    return np.concatenate([points[:, :3], points[:, 3:].mean(axis=1, keepdims=True)], axis=1).reshape(-1, 8)


def network(
    exports: Any, maps: dict[str, tuple[int, int, int, float]], colours: float = 128.0, batched: bool = True
) -> Path:
    """A network with random weights: a convolution for each output, laid out as these detectors lay it out.

    Args:
        exports: writes it.
        maps: stride, numbers, candidates of a cell, and spread of each output; 1 number becomes a probability.
        colours: largest number of a colour.
        batched: outputs have the axis of the batch.
    """
    nodes, outputs, constants = [], [], []
    for name, (stride, numbers, each, spread) in maps.items():
        weights = RANDOM.normal(0, spread / colours / stride, (numbers * each, 3, stride, stride)).astype(np.float32)
        shape = [1, -1, numbers] if batched else [-1, numbers]
        constants.append(numpy_helper.from_array(weights, f"{name}/weights"))
        constants.append(numpy_helper.from_array(np.array(shape, np.int64), f"{name}/shape"))
        flat = f"{name}/flat" if numbers == 1 else name
        nodes.append(helper.make_node("Conv", ["input", f"{name}/weights"], [f"{name}/map"], strides=[stride] * 2))
        nodes.append(helper.make_node("Transpose", [f"{name}/map"], [f"{name}/last"], perm=[0, 2, 3, 1]))
        nodes.append(helper.make_node("Reshape", [f"{name}/last", f"{name}/shape"], [flat]))
        if numbers == 1:
            nodes.append(helper.make_node("Sigmoid", [flat], [name]))
        found = [each * (SIDE // stride) ** 2, numbers]
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, *found] if batched else found))
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIDE, SIDE])]
    return Path(exports.write("random-detector.onnx", nodes, inputs, outputs, constants))


def test_yunet_gives_the_faces_of_opencv(exports: Any, tmp_path: Path) -> None:
    kinds = (("cls", 1, 3.0), ("obj", 1, 3.0), ("bbox", 4, 0.3), ("kps", 10, 0.5))
    maps = {f"{kind}_{stride}": (stride, numbers, 1, spread) for kind, numbers, spread in kinds for stride in STRIDES}
    path = network(exports, maps)
    peer = cv2.FaceDetectorYN.create(str(path), "", (SIDE, SIDE), THRESHOLD, 1.0, 5000)
    _, faces = peer.detect(PIXELS)
    faces = faces[np.argsort(-faces[:, 14])]
    _, found, scores = read(imported("yunet", path, tmp_path))
    assert len(found) > 10
    np.testing.assert_allclose(scores, faces[:, 14], atol=1e-4)
    expected = np.concatenate([faces[:, :2], faces[:, :2] + faces[:, 2:4], four(faces[:, 4:14])], axis=1)
    np.testing.assert_allclose(found, expected, atol=2e-2)


@pytest.mark.parametrize("batched", [True, False])
def test_scrfd_gives_the_faces_of_insightface(exports: Any, tmp_path: Path, batched: bool) -> None:
    kinds = ((1, 3.0), (4, 1.0), (10, 1.0))
    maps = {f"{n}_{stride}": (stride, n, 2, spread) for n, spread in kinds for stride in STRIDES}
    path = network(exports, maps, 1.0, batched)
    peer = import_module("insightface.model_zoo.scrfd").SCRFD(str(path))
    peer.prepare(-1, nms_thresh=1.0, det_thresh=THRESHOLD)
    boxes, landmarks = peer.detect(PIXELS, input_size=(SIDE, SIDE))
    _, found, scores = read(imported("scrfd", path, tmp_path))
    assert len(found) > 10
    np.testing.assert_allclose(scores, boxes[:, 4], atol=1e-5)
    np.testing.assert_allclose(found, np.concatenate([boxes[:, :4], four(landmarks)], axis=1), atol=1e-3)


def test_retinaface_gives_the_faces_of_uniface(exports: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = sum(2 * (SIDE // stride) ** 2 for stride in STRIDES)
    face = RANDOM.uniform(0, 1, (1, count, 1))
    outputs = {
        "loc": RANDOM.normal(0, 1, (1, count, 4)).astype(np.float32),
        "conf": np.concatenate([1 - face, face], axis=2).astype(np.float32),
        "landms": RANDOM.normal(0, 1, (1, count, 10)).astype(np.float32),
    }
    path = exports("retinaface.onnx", outputs, (SIDE, SIDE))
    module = import_module("uniface.detection.retinaface")
    monkeypatch.setattr(module, "verify_model_weights", lambda name: str(path))  # it would fetch its own
    peer = module.RetinaFace(confidence_threshold=THRESHOLD, nms_threshold=1.0, input_size=(SIDE, SIDE))
    faces = sorted(peer.detect(PIXELS), key=lambda face: -face.confidence)
    _, found, scores = read(imported("retinaface", path, tmp_path))
    assert len(found) > 10
    np.testing.assert_allclose(scores, [face.confidence for face in faces], atol=1e-5)
    expected = [np.concatenate([face.bbox, four(face.landmarks)[0]]) for face in faces]
    np.testing.assert_allclose(found, expected, atol=1e-2)


def random_network(exports: Any, size: int, numbers: int, name: str = "input") -> Path:
    """A convolution with random weights, and a mean."""
    weights = RANDOM.normal(0, 0.1, (numbers, 3, 16, 16)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", [name, "weights"], ["map"], strides=[16, 16]),
        helper.make_node("ReduceMean", ["map"], ["output"], axes=[2, 3], keepdims=0),
    ]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, size, size])]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, numbers])]
    constants = [numpy_helper.from_array(weights, "weights")]
    return Path(exports.write("random.onnx", nodes, inputs, outputs, constants))


def unit(embedding: np.ndarray) -> np.ndarray:
    return embedding.ravel() / np.linalg.norm(embedding)


def test_arcface_gives_the_embeddings_of_insightface(exports: Any, tmp_path: Path) -> None:
    path = random_network(exports, 112, 512)
    peer = import_module("insightface.model_zoo.arcface_onnx").ArcFaceONNX(str(path))
    face = RANDOM.integers(0, 256, (112, 112, 3), np.uint8)
    [found] = FaceEmbedder(imported("arcface", path, tmp_path))([face])
    np.testing.assert_allclose(unit(found), unit(peer.get_feat(np.ascontiguousarray(face[..., ::-1]))), atol=1e-5)


def test_adaface_gives_the_embeddings_of_uniface(exports: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = random_network(exports, 112, 512)
    module = import_module("uniface.recognition.adaface")
    monkeypatch.setattr(module, "verify_model_weights", lambda name: str(path))
    face = RANDOM.integers(0, 256, (112, 112, 3), np.uint8)
    [found] = FaceEmbedder(imported("adaface", path, tmp_path))([face])
    expected = module.AdaFace().get_embedding(np.ascontiguousarray(face[..., ::-1]))
    np.testing.assert_allclose(unit(found), unit(expected), atol=1e-5)


def test_faces_are_aligned_as_insightface_aligns_them(exports: Any, tmp_path: Path) -> None:
    norm_crop = import_module("insightface.utils.face_align").norm_crop
    smooth = cv2.GaussianBlur(RANDOM.integers(0, 256, (300, 300, 3), np.uint8), (0, 0), 6)
    five = np.array([[110, 120], [170, 112], [145, 150], [122, 185], [172, 178]], np.float32)
    landmarks = np.concatenate([five[:3], five[3:].mean(axis=0, keepdims=True), np.zeros((2, 2))]).astype(np.float32)
    embedder = FaceEmbedder(imported("arcface", random_network(exports, 112, 512), tmp_path))
    found = align(Image(smooth, "bgr8"), landmarks, alignment=embedder.alignment)
    expected = norm_crop(smooth, five)[..., ::-1].astype(int)
    assert np.abs(found.astype(int) - expected).mean() < 2.0


@pytest.mark.parametrize(("model", "numbers"), [("enet_b0_8_best_vgaf", 8), ("enet_b0_8_va_mtl", 10)])
def test_hsemotion_gives_the_probabilities_of_its_own_package(
    exports: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, numbers: int
) -> None:
    path = random_network(exports, 224, numbers)
    module = import_module("hsemotion_onnx.facial_emotions")
    monkeypatch.setattr(module, "get_model_path", lambda name: str(path))  # it would fetch its own
    face = RANDOM.integers(0, 256, (224, 224, 3), np.uint8)
    label, expected = module.HSEmotionRecognizer(model).predict_emotions(face, logits=False)
    session = imported("hsemotion", path, tmp_path)
    outputs = session.run({"image": face[None]})
    np.testing.assert_allclose(outputs["probabilities"][0], expected[:8], atol=1e-5)
    if numbers > 8:
        np.testing.assert_allclose(outputs["valence_arousal"][0], expected[8:], atol=1e-5)
    ours = ExpressionNet(session).labels[int(np.argmax(expected[:8]))]
    assert ours[:3] == label.lower()[:3]
