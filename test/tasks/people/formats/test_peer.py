"""Detectors with random outputs give the boxes that rtmlib, the reference for them, reads from the same files."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.nms import Greedy
from opendr_perception.tasks.people.detection import PersonDetector
from opendr_perception.zoo.importing import import_model

pytestmark = pytest.mark.peer

RANDOM = np.random.default_rng(5)
CELLS = 96 + 24 + 6
"""Of a canvas of 64 x 96 pixels."""
PIXELS = RANDOM.integers(0, 256, (128, 144, 3), np.uint8)
"""Half of it fits into the left three quarters of the canvas."""
THRESHOLD = 0.3


def imported(path: Path, form: str, tmp_path: Path) -> PersonDetector:
    cache = zoo.Cache(tmp_path / "cache")
    import_model(form, path, "it", cache=cache)
    return PersonDetector(Session(zoo.require("it", cache).path, threads=1), THRESHOLD, Greedy(1.0))


def in_order(boxes: np.ndarray) -> np.ndarray:
    """Boxes inside of the image, sorted; without those that lie outside."""
    inside = np.clip(boxes, 0, [144, 128] * 2)
    inside = inside[(inside[:, 2:] > inside[:, :2]).all(axis=1)]
    return inside[np.lexsort(inside.T)]


def test_yolox_gives_the_boxes_of_rtmlib(exports: Any, tmp_path: Path) -> None:
    outputs = RANDOM.normal(0, 1, (1, CELLS, 85)).astype(np.float32)
    outputs[..., 4:] = RANDOM.uniform(0, 1, (1, CELLS, 81))
    path = exports("yolox.onnx", {"output": outputs})
    peer = import_module("rtmlib").YOLOX(str(path), (64, 96), "multiclass", nms_thr=1.0, score_thr=THRESHOLD)
    boxes, classes = peer(PIXELS)
    [found] = imported(path, "yolox", tmp_path)([Image(PIXELS, "bgr8")])
    assert len(found) > 20
    np.testing.assert_allclose(in_order(found.boxes), in_order(boxes[classes == 0]), atol=1e-3)


def test_rtmdet_gives_the_boxes_of_rtmlib(exports: Any, tmp_path: Path) -> None:
    corner, side = RANDOM.uniform(0, 60, (40, 2)), RANDOM.uniform(1, 30, (40, 2))
    dets = np.concatenate([corner, corner + side, RANDOM.uniform(0, 1, (40, 1))], axis=1)[None]
    path = exports("rtmdet.onnx", {"dets": dets, "labels": np.zeros((1, 40), np.int64)})
    peer = import_module("rtmlib").RTMDet(str(path), (64, 96), score_thr=THRESHOLD)
    [found] = imported(path, "rtmdet", tmp_path)([Image(PIXELS, "bgr8")])
    assert len(found) > 20
    np.testing.assert_allclose(in_order(found.boxes), in_order(peer(PIXELS)), atol=1e-3)
