"""Orders of keypoints are converted without changing them."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.body.layouts import COCO17, LAYOUTS, LIMBS, NECK, OPENPOSE18, convert


def body() -> np.ndarray:
    """Two people, every number another one, scores in [0, 1]."""
    points = np.arange(2 * 17 * 3, dtype=np.float32).reshape(2, 17, 3)
    points[..., 2] /= 200
    return points


def test_each_name_keeps_its_point_and_the_neck_is_between_the_shoulders() -> None:
    points = body()
    converted = convert(points, "coco17", "openpose18")
    assert converted.shape == (2, 18, 3)
    assert converted.dtype == np.float32
    for index, name in enumerate(OPENPOSE18):
        if index != NECK:
            np.testing.assert_array_equal(converted[:, index], points[:, COCO17.index(name)])
    left, right = (points[:, COCO17.index(f"{side}_shoulder")] for side in ("left", "right"))
    np.testing.assert_allclose(converted[:, NECK, :2], (left[:, :2] + right[:, :2]) / 2)
    np.testing.assert_array_equal(converted[:, NECK, 2], np.minimum(left[:, 2], right[:, 2]))


def test_the_order_is_the_published_one() -> None:
    to_coco = [0, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]
    assert [COCO17.index(name) for name in OPENPOSE18 if name != "neck"] == to_coco


def test_there_and_back_changes_nothing() -> None:
    points = body()
    np.testing.assert_array_equal(convert(convert(points, "coco17", "openpose18"), "openpose18", "coco17"), points)
    assert convert(points[:0], "coco17", "openpose18").shape == (0, 18, 3)


def test_limbs_reach_all_keypoints() -> None:
    for name, keypoints in LAYOUTS.items():
        assert {index for limb in LIMBS[name] for index in limb} == set(range(len(keypoints)))


def test_wrong_layouts_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown layout of keypoints 'ntu25'"):
        convert(body(), "coco17", "ntu25")
    with pytest.raises(ValueError, match=r"openpose18 have the shape \(2, 17, 3\)"):
        convert(body(), "openpose18", "coco17")
