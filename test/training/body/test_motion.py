"""Rotations, bodies, and where they put keypoints."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.body.pose import COCO17
from opendr_perception.training.body.key_poses import ANGLES, COLUMN, Style, both, move, one, rotations_of
from opendr_perception.training.body.motion import Body, Motion, about, blend, join, multiply, rotate

NAMES = {name: index for index, name in enumerate(COCO17)}


def posed(**angles: float) -> dict[str, np.ndarray]:
    """Keypoints by name of somebody in a pose who faces x."""
    row = np.zeros((2, len(ANGLES)))
    for name, angle in angles.items():
        row[:, COLUMN[name]] = angle
    motion = Motion(rotations_of(row), np.zeros((2, 2)), np.zeros(2), np.zeros(2, int), np.zeros(2))
    return dict(zip(COCO17, Body.standard().keypoints(motion)[0], strict=True))


def test_turns_follow_the_right_hand() -> None:
    np.testing.assert_allclose(rotate(about("z", np.pi / 2), np.array([1.0, 0, 0])), [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(rotate(about("y", np.pi / 2), np.array([0, 0, 1.0])), [1, 0, 0], atol=1e-12)


def test_product_of_turns_is_one_after_the_other() -> None:
    rng = np.random.default_rng(0)
    a, b = about("x", rng.normal(size=5)), about("y", rng.normal(size=5))
    vector = rng.normal(size=(5, 3))
    np.testing.assert_allclose(rotate(multiply(a, b), vector), rotate(a, rotate(b, vector)), atol=1e-12)


def test_blend_takes_the_shorter_way() -> None:
    a, b = about("x", 0.2), about("x", 0.6)
    np.testing.assert_allclose(blend(a, -b, np.array(0.5)), about("x", 0.4), atol=1e-12)


def test_somebody_stands_upright_on_the_ground() -> None:
    body = posed()
    assert body["nose"][1] > body["left_shoulder"][1] > body["left_hip"][1] > body["left_knee"][1] > 0.3
    assert 0.0 < body["left_ankle"][1] < 0.15
    assert body["nose"][0] > body["left_ear"][0]  # x is forward
    assert body["left_shoulder"][2] < 0 < body["right_shoulder"][2]  # z is to the right


@pytest.mark.parametrize(("side", "name"), [("l", "left"), ("r", "right")])
def test_limbs_bend_as_they_do(side: str, name: str) -> None:
    still = posed()
    assert posed(**one(side, hip_flex=1.0))[f"{name}_knee"][0] > still[f"{name}_knee"][0] + 0.2
    assert posed(**one(side, knee=1.0))[f"{name}_ankle"][0] < still[f"{name}_ankle"][0] - 0.2
    assert posed(**one(side, shoulder_flex=3.0))[f"{name}_wrist"][1] > still["nose"][1]
    sideways = posed(**one(side, shoulder_abd=1.5))[f"{name}_wrist"]
    assert abs(sideways[2]) > 0.5
    waving = posed(**one(side, shoulder_abd=1.5, shoulder_twist=1.5, elbow=1.5))
    assert waving[f"{name}_wrist"][1] > waving[f"{name}_elbow"][1] + 0.2


def test_both_sides_mirror_each_other() -> None:
    body = posed(**both(shoulder_abd=0.7, shoulder_flex=0.4, shoulder_twist=0.5, elbow=1.0, hip_abd=0.3, knee=0.5))
    for name in ("elbow", "wrist", "knee", "ankle"):
        np.testing.assert_allclose(body[f"left_{name}"], body[f"right_{name}"] * [1, 1, -1], atol=1e-9)


def test_feet_stay_where_they_stand() -> None:
    style = Style(np.zeros(len(ANGLES)), pace=1.0, vigour=1.0, sway=0.0)
    angles = np.zeros((30, len(ANGLES)))
    angles[:, COLUMN["root_pitch"]] = np.linspace(0, 1, 30)
    angles[:, COLUMN["r_hip_flex"]] = angles[:, COLUMN["l_hip_flex"]] = np.linspace(0, 1, 30)
    keypoints = Body.standard().keypoints(move(np.random.default_rng(0), style, "bend", angles))
    ankles = keypoints[:, [15, 16]]
    assert np.ptp(ankles, axis=0).max() < 0.02
    assert np.ptp(keypoints[:, 0], axis=0).max() > 0.3


def test_lift_raises_the_whole_body() -> None:
    rotations = rotations_of(np.zeros((3, len(ANGLES))))
    motion = Motion(rotations, np.zeros((3, 2)), np.array([0.0, 0.5, 0.0]), np.zeros(3, int), np.zeros(3))
    keypoints = Body.standard().keypoints(motion)
    np.testing.assert_allclose(keypoints[1] - keypoints[0], np.broadcast_to([0, 0.5, 0], (17, 3)), atol=1e-12)


def test_a_turned_motion_goes_another_way() -> None:
    rotations = rotations_of(np.zeros((31, len(ANGLES))))
    forward = Motion(rotations, np.tile([1.0, 0.0], (31, 1)), np.zeros(31), np.zeros(31, int), np.zeros(31))
    moved = np.ptp(Body.standard().keypoints(forward.turned(np.pi / 2))[:, 0], axis=0)
    np.testing.assert_allclose(moved, [0, 0, 1.0], atol=1e-9)


def test_faster_is_shorter_and_goes_as_far() -> None:
    rotations = rotations_of(np.zeros((61, len(ANGLES))))
    slow = Motion(rotations, np.tile([1.0, 0.0], (61, 1)), np.zeros(61), np.zeros(61, int), np.zeros(61))
    fast = slow.faster(2.0)
    assert len(fast) == 30
    assert fast.velocity[:, 0].sum() == pytest.approx(slow.velocity[:, 0].sum(), rel=0.05)
    assert len(join([slow, fast])) == 91
