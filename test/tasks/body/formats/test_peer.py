"""Pose networks with random outputs give the keypoints that rtmlib, the reference for them, reads from the same files.

rtmlib counts pixels from the centre of the first one, and here from its corner, half a pixel away; so a place in a crop
of a pixels to one of the image is half of a pixel of the crop further here. What the crops show differs as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.body import formats
from opendr_perception.tasks.body.bottom_up import BottomUpEstimator
from opendr_perception.tasks.body.pose import PoseEstimator
from opendr_perception.tasks.imaging.image import Image, around
from opendr_perception.tasks.nms import Detections
from opendr_perception.zoo.importing import import_model

pytestmark = pytest.mark.peer

RANDOM = np.random.default_rng(5)
PIXELS = RANDOM.integers(0, 256, (128, 192, 3), np.uint8)
PERSON = np.array([40, 20, 90, 110], np.float32)


def one_person(images: Sequence[Image]) -> list[Detections]:
    return [Detections(PERSON[None], np.array([0.9], np.float32)) for _ in images]


def imported(path: Path, form: str, tmp_path: Path) -> Session:
    cache = zoo.Cache(tmp_path / "cache")
    import_model(form, path, "it", cache=cache)
    return Session(zoo.require("it", cache).path, threads=1)


def test_simcc_gives_the_keypoints_of_rtmlib(exports: Any, tmp_path: Path) -> None:
    outputs = {name: RANDOM.uniform(0, 1, (1, 17, 2 * side)) for name, side in (("simcc_x", 48), ("simcc_y", 64))}
    path = exports("simcc.onnx", outputs, (64, 48), batch="N")
    places, _ = import_module("rtmlib").RTMPose(str(path), (48, 64))(PIXELS, [PERSON])
    [poses] = PoseEstimator(one_person, imported(path, "rtmpose", tmp_path))([Image(PIXELS, "rgb8")])
    left, _, right, _ = around(PERSON, 48 / 64, 1.25)
    np.testing.assert_allclose(poses.keypoints[..., :2], places + (right - left) / 48 / 2, atol=1e-3)


def test_heatmaps_give_the_keypoints_of_rtmlib(exports: Any, tmp_path: Path) -> None:
    columns, rows = RANDOM.uniform(10, 37, (17, 1, 1)), RANDOM.uniform(10, 53, (17, 1, 1))
    y, x = np.mgrid[:64, :48]
    peaks = np.exp(-((x - columns) ** 2 + 0.7 * (y - rows) ** 2 + 0.3 * (x - columns) * (y - rows)) / 8)
    smooth = (peaks + 0.05 * RANDOM.uniform(0, 1, peaks.shape)).astype(np.float32)
    path = exports("vit.onnx", {"heatmaps": smooth[None]}, (256, 192), batch="N")
    places, scores = import_module("rtmlib").ViTPose(str(path), (192, 256))(PIXELS, [PERSON])
    [poses] = PoseEstimator(one_person, imported(path, "vitpose", tmp_path))([Image(PIXELS, "rgb8")])
    left, top, right, bottom = around(PERSON, 192 / 256, 1.25)
    size = np.array([right - left, bottom - top])
    # There, the last cell lies on the border of the crop; here on the centre of its last pixel, as in training.
    fraction = (places - (left, top)) / size
    expected = (left, top) + (fraction * ((192, 256) - np.array(1)) + 0.5) * (right - left) / 192
    np.testing.assert_allclose(poses.keypoints[..., :2], expected, atol=0.02)
    np.testing.assert_allclose(poses.keypoints[..., 2], np.clip(scores, 0, 1), atol=1e-5)


def test_rtmo_gives_the_people_of_rtmlib(exports: Any, tmp_path: Path) -> None:
    count = 12
    corner = np.stack(np.meshgrid(np.arange(4) * 22, np.arange(3) * 20), axis=-1).reshape(count, 2) + 1.0
    scores = RANDOM.permutation(np.linspace(0.2, 0.95, count))
    dets = np.concatenate([corner, corner + 15, scores[:, None]], axis=1)
    dets[1, :4] = dets[0, :4] + 1  # one person twice
    keypoints = np.concatenate([RANDOM.uniform(0, 60, (count, 17, 2)), RANDOM.uniform(0.1, 1, (count, 17, 1))], axis=-1)
    path = exports("rtmo.onnx", {"dets": dets[None], "keypoints": keypoints[None]})
    places, certainty = import_module("rtmlib").RTMO(str(path), (64, 96), nms_thr=0.5, score_thr=0.5)(PIXELS)
    estimator = BottomUpEstimator(formats.bottom_up(imported(path, "rtmo", tmp_path)))
    estimator.score_threshold = 0.5
    [poses] = estimator([Image(PIXELS, "bgr8")])
    assert 5 < len(poses) < count
    np.testing.assert_allclose(poses.keypoints[..., :2], places, atol=1e-3)
    np.testing.assert_allclose(poses.keypoints[..., 2], certainty, atol=1e-5)
