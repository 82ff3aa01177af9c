"""Crops for the networks, and head poses that are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from opendr_perception.tasks.face.formats import LEFT_EYE, MOUTH, NOSE, RIGHT_EYE
from opendr_perception.tasks.face.geometry import (
    ALIGNED,
    FACING,
    HEAD,
    TEMPLATE,
    align,
    expression_crop,
    head_pose,
    similarity,
)
from opendr_perception.tasks.imaging.camera import PinholeCamera
from opendr_perception.tasks.imaging.image import Image

CAMERA = PinholeCamera.assumed(640, 480)


def turned(
    yaw: float = 0, pitch: float = 0, roll: float = 0, place: tuple[float, float, float] = (0, 0, 80)
) -> np.ndarray:
    """Landmarks (6, 2) of the average head, turned by rad; `place` in cm right of, below and before the camera."""
    down, right, forward = (
        cv2.Rodrigues(np.array(axis, float))[0] for axis in ((0, 0, -yaw), (0, pitch, 0), (-roll, 0, 0))
    )
    points = (FACING @ down @ right @ forward @ HEAD.T).T + place
    pixels = points @ CAMERA.matrix.T
    return (pixels[:, :2] / pixels[:, 2:]).astype(np.float32)


@pytest.mark.parametrize(
    "angles", [(0, 0, 0), (0.5, 0, 0), (-0.9, 0, 0), (0, 0.4, 0), (0, -0.4, 0), (0, 0, 1.2), (0.4, -0.3, 0.5)]
)
@pytest.mark.parametrize("place", [(0.0, 0.0, 80.0), (60.0, -30.0, 150.0)])
def test_the_pose_of_a_known_head_comes_back(
    angles: tuple[float, float, float], place: tuple[float, float, float]
) -> None:
    assert head_pose(turned(*angles, place=place), CAMERA) == pytest.approx(angles, abs=1e-3)


def test_signs_are_those_seen_in_the_image() -> None:
    straight = turned()
    assert turned(yaw=0.3)[NOSE, 0] > straight[NOSE, 0]
    assert turned(pitch=0.3)[NOSE, 1] < straight[NOSE, 1]
    leaning = turned(roll=0.3)
    assert leaning[LEFT_EYE, 1] > leaning[RIGHT_EYE, 1], "clockwise: the eye on the right goes down"
    assert straight[RIGHT_EYE, 0] < straight[LEFT_EYE, 0]


def test_a_pose_that_cannot_be_told_is_unknown() -> None:
    assert np.isnan(head_pose(np.full((6, 2), np.nan, np.float32), CAMERA)).all()
    assert np.isnan(head_pose(turned(place=(0.0, 0.0, 4000.0)), CAMERA)).all(), "a face of two pixels"
    with pytest.raises(ValueError, match="6 landmarks"):
        head_pose(np.zeros((5, 2)), CAMERA)


def test_similarity_finds_turn_scale_and_shift_and_never_mirrors() -> None:
    points = np.array([[0.0, 0], [10, 0], [3, 8]])
    turn = np.array([[0.6, -0.8], [0.8, 0.6]]) * 2.5
    found = similarity(points, points @ turn.T + [7, -3])
    np.testing.assert_allclose(found, np.column_stack([turn, [7, -3]]), atol=1e-9)
    mirrored = similarity(points, points * [-1, 1])
    assert np.linalg.det(mirrored[:, :2]) > 0


@pytest.mark.parametrize("scale", [0.6, 3.7, 8.0])
@pytest.mark.parametrize("angle", [0.0, 2.0])
@pytest.mark.parametrize("encoding", ["bgr8", "mono8"])
def test_eyes_and_mouth_come_to_lie_on_the_template(scale: float, angle: float, encoding: str) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * scale
    points = (TEMPLATE - ALIGNED / 2) @ turn.T + 1000
    pixels = np.zeros((2000, 2000, 3), np.uint8)
    colours = {RIGHT_EYE: (255, 0, 0), LEFT_EYE: (0, 255, 0), MOUTH: (0, 0, 255)}
    landmarks = np.zeros((6, 2), np.float32)
    for point, (part, colour) in zip(points, colours.items(), strict=True):
        cv2.circle(pixels, tuple(np.floor(point).astype(int).tolist()), round(6 * scale), colour, cv2.FILLED)
        landmarks[part] = point
    image = Image(pixels if encoding == "bgr8" else pixels.max(axis=2), encoding)
    aligned = align(image, landmarks)
    assert aligned.shape == (ALIGNED, ALIGNED, 3)
    for channel, place in zip((2, 1, 0), TEMPLATE, strict=True):  # it is RGB
        found = aligned[..., channel].astype(float)
        if encoding == "mono8":
            x, y = place.astype(int)
            assert found[y, x] > 200
            continue
        rows, columns = np.indices(found.shape) + 0.5
        centre = (found * columns).sum() / found.sum(), (found * rows).sum() / found.sum()
        assert centre == pytest.approx(tuple(place), abs=1.2)  # circles lie on whole pixels


def test_a_large_face_is_averaged_not_skipped_through() -> None:
    noise = np.random.default_rng(0).integers(0, 2, (1200, 1200, 1), np.uint8) * 255
    landmarks = np.zeros((6, 2), np.float32)
    landmarks[[RIGHT_EYE, LEFT_EYE, MOUTH]] = TEMPLATE * 8
    assert align(Image(noise, "mono8"), landmarks).std() < 30


def test_the_aligned_part_may_lie_outside_of_the_image() -> None:
    pixels = np.full((600, 600, 3), 255, np.uint8)
    pixels[:, :30] = 40
    landmarks = np.zeros((6, 2), np.float32)
    landmarks[[RIGHT_EYE, LEFT_EYE, MOUTH]] = TEMPLATE * 3 - [225, 0]  # its left half is missing
    aligned = align(Image(pixels, "rgb8"), landmarks)
    assert (aligned[5:-5, :60] == 40).all(), "the image's edge is repeated: black borders make faces look alike"
    assert (aligned[5:-5, 100:-5] == 255).all()


def test_the_expression_crop_is_a_square_with_a_margin() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[50:150, 100:200] = 255
    crop = expression_crop(Image(image, "rgb8"), np.array([100, 50, 200, 150], np.float32))
    assert crop.shape == (112, 112, 3)
    side = 112 / 1.25
    assert crop.sum() / 255 / 3 == pytest.approx(side * side, rel=0.02)
    assert not crop[5].any()
    out = np.zeros((112, 112, 3), np.uint8)
    assert expression_crop(Image(image, "rgb8"), np.array([100, 50, 200, 150]), out=out) is out
