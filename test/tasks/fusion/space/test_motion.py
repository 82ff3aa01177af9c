"""Positions that are filtered, and how sure they are."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.fusion import Mount, PositionSource
from opendr_perception.tasks.fusion.space import Fix, MotionEstimate, follow


def fix(x: float, noise: float = 0.1, bias: float = 0.3, source: PositionSource = PositionSource.SIZE) -> Fix:
    return Fix(np.array([x, 0.0, 5.0]), noise**2 * np.eye(3), bias**2 * np.eye(3), source)


def test_noise_is_averaged_and_bias_stays() -> None:
    rng = np.random.default_rng(0)
    motion: MotionEstimate | None = None
    for frame in range(50):
        motion = follow(motion, fix(frame * 0.12 + rng.normal(0, 0.1)), Mount(), "map", frame / 10)
    assert motion is not None
    place = motion.place()
    assert place.velocity[0] == pytest.approx(1.2, abs=0.25)
    assert place.position[0] == pytest.approx(49 * 0.12, abs=0.2)
    assert 0.3**2 < place.covariance[0, 0] < 0.3**2 + 0.1**2


def test_the_past_is_forgotten_after_a_leap_a_pause_and_in_another_frame() -> None:
    motion = None
    for frame in range(20):
        motion = follow(motion, fix(0.1 * frame), Mount(), "map", frame / 10)
    assert motion is not None
    for again in (
        follow(motion, fix(30.0), Mount(), "map", 2.0),
        follow(motion, fix(2.0), Mount(), "map", 9.0),
        follow(motion, fix(2.0), Mount(), "odom", 2.0),
    ):
        assert not again.mean[3:].any()
    better = follow(motion, fix(2.1, source=PositionSource.DEPTH), Mount(), "map", 2.0)
    assert better.mean[3] > 0.5, "another source tells another place, but the same way"


def test_who_is_not_seen_goes_on_and_becomes_less_sure() -> None:
    motion = follow(None, fix(0.0), Mount(), "map", 0.0)
    later = motion.at(2.0).place()
    assert later.covariance[0, 0] > motion.place().covariance[0, 0] + 1
    assert np.linalg.eigvalsh(later.covariance).min() > 0
