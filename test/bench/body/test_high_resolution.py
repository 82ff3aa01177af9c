"""Scenes of pasted people know where their keypoints are, and keypoints are counted by person."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.bench.body.high_resolution import _counts
from opendr_perception.bench.body.pasted_people import Cutout, PastedScene, Street, make_scene
from opendr_perception.tasks.body.pose import Poses
from opendr_perception.tasks.nms.candidates import Detections


@pytest.fixture(scope="module")
def scene() -> PastedScene:
    pixels = np.full((120, 60, 3), 40, np.uint8)
    pixels[20:28, 26:34] = 255  # the only keypoint
    keypoints = np.zeros((17, 3))
    keypoints[0] = 30, 24, 1
    person = Cutout(pixels, np.ones((120, 60), np.float32), np.array([10.0, 10.0, 50.0, 110.0]), keypoints)
    street = Street([person], np.full((100, 100, 3), 128, np.uint8))
    return make_scene(np.random.default_rng(0), street, 720, 3, 0.3)


def test_people_are_pasted_apart_and_keypoints_go_with_them(scene: PastedScene) -> None:
    assert scene.pixels.shape == (720, 1280, 3)
    heights = scene.boxes[:, 3] - scene.boxes[:, 1]
    assert len(scene.boxes) == 3
    assert (heights > 0.045 * 720).all()
    assert (heights < 0.31 * 720).all()
    for x, y, _ in scene.keypoints[:, 0]:
        assert scene.pixels[int(y), int(x)].min() > 200


def test_a_keypoint_is_right_within_a_tenth_of_the_height_and_a_missed_person_has_none(scene: PastedScene) -> None:
    people = Detections(scene.boxes.astype(np.float32), np.ones(3, np.float32))
    keypoints = scene.keypoints.copy()
    height = scene.boxes[0, 3] - scene.boxes[0, 1]
    keypoints[0, 0, 0] += 0.11 * height
    counts = _counts(scene, Poses(people, keypoints))
    np.testing.assert_array_equal(counts[:, :2], [[0, 1], [1, 1], [1, 1]])
    np.testing.assert_array_equal(_counts(scene, Poses(people[:0], keypoints[:0]))[:, 0], 0)
