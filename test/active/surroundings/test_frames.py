"""Rigid transforms of mounted sensors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from opendr_perception.active.surroundings.frames import Pose3


def test_a_sensor_that_looks_back_sees_behind_the_robot() -> None:
    pose = Pose3.planar(-0.2, 0.1, math.pi)
    assert pose.apply(np.array([[1.0, 0.0, 0.3]])) == pytest.approx(np.array([[-1.2, 0.1, 0.3]]))


def test_poses_compose_and_invert() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        a, b = (Pose3.quaternion(tuple(random.normal(size=3)), tuple(random.normal(size=4))) for _ in range(2))
        points = random.normal(size=(5, 3))
        assert (a @ b).apply(points) == pytest.approx(a.apply(b.apply(points)))
        assert (a @ a.inverse()).apply(points) == pytest.approx(points)


def test_a_scanner_upside_down_turns_the_other_way() -> None:
    pose = Pose3.quaternion((0.0, 0.0, 0.5), (1.0, 0.0, 0.0, 0.0))
    assert pose.apply(np.array([[1.0, 2.0, 0.0]])) == pytest.approx(np.array([[1.0, -2.0, 0.5]]))


@pytest.mark.parametrize("turned", [(0.0, 0.0, 0.0, 0.0), (math.nan, 0.0, 0.0, 1.0), (math.inf, 0.0, 0.0, 1.0)])
def test_a_quaternion_that_is_none_is_refused(turned: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="no rotation"):
        Pose3.quaternion((0.0, 0.0, 0.0), turned)


def test_what_is_no_pose_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        Pose3.quaternion((math.nan, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    with pytest.raises(ValueError, match="rotation"):
        Pose3(np.zeros(3), 2 * np.eye(3))
    with pytest.raises(ValueError, match="rotation"):
        Pose3(np.zeros(3), np.diag([1.0, 1.0, -1.0]))
    with pytest.raises(ValueError, match="translation"):
        Pose3(np.zeros(2), np.eye(3))
