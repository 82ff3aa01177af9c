"""Falls, and what is none; waving, raised hands, pointing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from opendr_perception.tasks.fusion.doings.posture import Posture, hands_raised, points_with, waves

BOX = (300, 100, 360, 300)


@pytest.fixture
def upright(stage: Any) -> np.ndarray:
    return np.asarray(stage.skeleton(BOX))


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """Turned about the feet."""
    c, s = math.cos(angle), math.sin(angle)
    foot = points[15:, :2].mean(axis=0)
    return np.concatenate([(points[:, :2] - foot) @ np.array([[c, s], [-s, c]]) + foot, points[:, 2:]], axis=1)


def lowered(points: np.ndarray, share: float) -> np.ndarray:
    """Somebody who sits or kneels: the trunk upright, the legs folded."""
    points = points.copy()
    points[13:, 1] = points[11:13, 1].mean() + (points[13:, 1] - points[11:13, 1].mean()) * share
    points[13:15, 0] += 25
    return points


def bent(points: np.ndarray) -> np.ndarray:
    """Somebody who bends: the trunk flat, the legs upright."""
    flat = turned(points, math.pi / 2)
    hips = points[11:13, :2].mean(axis=0)
    upper = np.arange(17) < 11
    points = points.copy()
    points[upper, :2] = flat[upper, :2] - flat[11:13, :2].mean(axis=0) + hips
    return points


def play(*steps: tuple[np.ndarray, float]) -> Posture:
    posture, time = Posture(), 10.0
    for points, seconds in steps:
        for _ in range(round(seconds * 20)):
            time += 0.05
            posture = posture.see(points, time)
    return posture


def test_who_was_upright_and_lies_a_moment_later_has_fallen(upright: np.ndarray) -> None:
    halfway, flat = turned(upright, math.pi / 4), turned(upright, math.pi / 2)
    assert play((upright, 2), (halfway, 0.3), (flat, 0.5)).fallen
    sitting = lowered(upright, 0.3)
    slow = play((upright, 2), (sitting, 3), (turned(sitting, math.pi / 5), 2), (flat, 0.5))
    assert slow.lies
    assert not slow.fallen, "who lies down takes time"
    assert not play((upright, 2), (halfway, 0.3), (flat, 0.5), (upright, 0.5)).lies


def test_who_sinks_with_an_upright_trunk_and_then_lies_has_fallen(upright: np.ndarray) -> None:
    sunk = lowered(upright, 0.3)
    sunk[:, 1] += upright[15:, 1].mean() - sunk[15:, 1].mean()  # the feet stay on the floor
    flat = turned(sunk, math.pi / 2)
    flat[:, :2] += sunk[11:13, :2].mean(axis=0) - flat[11:13, :2].mean(axis=0)
    assert play((upright, 2), (sunk, 0.5), (flat, 0.5)).fallen, "the hips came down before the trunk did"
    assert not play((upright, 2), (sunk, 3), (flat, 0.5)).fallen


@pytest.mark.parametrize("other", ["sit", "kneel", "bend"])
def test_sitting_kneeling_and_bending_are_no_falls(upright: np.ndarray, other: str) -> None:
    points = {"sit": lowered(upright, 0.4), "kneel": lowered(upright, 0.2), "bend": bent(upright)}[other]
    posture = play((upright, 2), (points, 2))
    assert not posture.fallen
    assert not posture.lies


def test_who_comes_so_near_that_the_image_cuts_off_the_legs_does_not_lie(upright: np.ndarray) -> None:
    near = upright.copy()
    near[:5, :2] = (330, 60), (340, 55), (320, 55), (350, 60), (310, 60)
    near[5:13, :2] = (400, 150), (260, 150), (480, 280), (180, 280), (520, 390), (140, 390), (380, 400), (280, 400)
    near[13:, 2] = 0
    assert not play((upright, 2), (near, 2)).lies
    away = turned(upright, math.pi / 2)
    away[:, :2] = away[:, 1::-1]
    away[:, 1] = (away[:, 1] - away[0, 1]) * 0.3 + away[0, 1]  # on the floor, the feet to the camera: foreshortened
    away[:, 0] += np.linspace(-40, 40, 17)
    assert play((upright, 2), (away, 0.5)).lies


def test_who_sits_on_a_bed_and_lies_down_has_not_fallen(upright: np.ndarray) -> None:
    sitting = lowered(upright, 0.5)
    down = turned(sitting, math.pi / 2)
    down[:, :2] += sitting[11:13, :2].mean(axis=0) - down[11:13, :2].mean(axis=0)
    posture = play((sitting, 2), (down, 1))
    assert posture.lies
    assert not posture.fallen, "the hips have stayed where they were"


def test_too_few_keypoints_say_nothing(upright: np.ndarray) -> None:
    hidden = turned(upright, math.pi / 2)
    hidden[3:, 2] = 0
    posture = play((upright, 2), (hidden, 1))
    assert not posture.lies


def waving(points: np.ndarray, width: float, frequency: float) -> Posture:
    posture = Posture()
    for frame in range(40):
        now = points.copy()
        now[10, :2] = now[8, :2] + [width * math.sin(2 * math.pi * frequency * frame / 20), -45]
        posture = posture.see(now, frame / 20)
    return posture


def test_a_raised_hand_that_goes_to_and_fro_waves(upright: np.ndarray) -> None:
    assert waves(waving(upright, 25, 1.5).hands) == 1
    assert waves(waving(upright, 2, 1.5).hands) == 0, "it trembles"
    assert waves(waving(upright, 25, 0.2).hands) < 0.6, "it is moved once"
    assert waves(play((upright, 2)).hands) == 0


def test_hands_are_raised_above_the_head(upright: np.ndarray) -> None:
    assert hands_raised(upright) == 0
    raised = upright.copy()
    raised[9:11, 1] = 80
    assert hands_raised(raised) > 0.8
    raised[9, 1] = 200
    assert hands_raised(raised) == 0


def test_one_arm_away_from_the_body_points(upright: np.ndarray) -> None:
    assert points_with(upright) is None
    pointing = upright.copy()
    pointing[8, :2], pointing[10, :2] = pointing[6, :2] + [-30, 5], pointing[6, :2] + [-60, 10]
    found = points_with(pointing)
    assert found is not None
    assert not found.left
    pointing[7, :2], pointing[9, :2] = pointing[5, :2] + [30, 5], pointing[5, :2] + [60, 10]
    assert points_with(pointing) is None, "both arms are spread"
