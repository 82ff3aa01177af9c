"""Frames for an action network: their rate, and what they do not depend on."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.action import skeleton
from opendr_perception.tasks.action.skeleton import CHANNELS, JOINTS, RATE, SkeletonState, observe, observe_all

STANDING = np.array(
    [
        *((0, -88), (2, -90), (-2, -90), (4, -89), (-4, -89)),
        *((10, -75), (-10, -75), (12, -58), (-12, -58), (13, -43), (-13, -43)),
        *((7, -45), (-7, -45), (7, -21), (-7, -21), (7, 3), (-7, 3)),
    ],
    float,
)


def person(scale: float = 1.0, at: tuple[float, float] = (300.0, 200.0), score: float = 0.8) -> np.ndarray:
    """Keypoints of somebody who stands, about 100 `scale` pixels tall."""
    return np.column_stack([STANDING * scale + at, np.full(JOINTS, score)])


def watch(observations: list[np.ndarray], rate: float = 10.0) -> tuple[np.ndarray, SkeletonState]:
    """All frames of a track that is observed at a rate."""
    state, frames = None, []
    for k, keypoints in enumerate(observations):
        new, state = observe(keypoints, 5.0 + k / rate, state)
        frames.append(new)
    assert state is not None
    return np.concatenate(frames), state


@pytest.mark.parametrize("seed", range(5))
def test_a_whole_recording_at_once_gives_the_same_frames(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 60))
    stamps = 5.0 + np.cumsum(rng.uniform(0.01, 0.3, count))
    keypoints = np.concatenate([rng.uniform(0, 200, (count, 17, 2)), rng.uniform(0, 1, (count, 17, 1))], -1)
    keypoints[rng.random((count, 17)) < 0.1] = np.nan
    state, frames = None, []
    for points, stamp in zip(keypoints, stamps, strict=True):
        new, state = observe(points, float(stamp), state)
        frames.append(new)
    np.testing.assert_allclose(observe_all(keypoints, stamps), np.concatenate(frames), atol=1e-5)


def test_first_observation_gives_the_first_frame() -> None:
    frames, state = observe(person(), 3.0, None)
    assert frames.shape == (1, CHANNELS, JOINTS)
    assert frames.dtype == np.float32
    assert state.frames == 1


@pytest.mark.parametrize("rate", [3.0, 5.0, 7.3, 10.0, 20.0, 30.0])
def test_as_many_frames_whatever_the_rate_of_observations(rate: float) -> None:
    frames, _ = watch([person()] * (round(4 * rate) + 1), rate)
    assert len(frames) == pytest.approx(4 * RATE + 1, abs=RATE / rate + 1)


@pytest.mark.parametrize("late", [0.0, 0.01, 1 / 30, 0.049, 0.05, 0.1, 7.77])
def test_who_comes_later_has_frames_at_the_same_times(late: float) -> None:
    origin = 5.0
    frames, state = observe(person(), origin + late, None, origin)
    assert len(frames) == 1, "the first observation is answered at once"
    assert 0.0 <= origin + late - state.start < 1 / RATE + 1e-9
    assert (state.start - origin) * RATE == pytest.approx(round((state.start - origin) * RATE))
    _, first = observe(person(), origin, None, origin)
    for k in range(1, 20):
        stamp = origin + late + k / 30
        of_first = observe_all([person()] * 2, [first.start, stamp])
        new, state = observe(person(), stamp, state)
        assert state.start + state.frames / RATE == pytest.approx(first.start + len(of_first) / RATE)
        assert len(new) <= 1 + 1e-9 + RATE / 30


def test_frames_lie_between_observations() -> None:
    frames, _ = watch([person(at=(300.0 + 10 * k, 200.0)) for k in range(20)], rate=10.0)
    steps = np.diff(frames[:, 3, 0] + 0.0)
    assert steps[0] > 0
    scale = 10.0 / 2 / watch([person()])[1].size  # body heights per frame, at twice the rate of the observations
    remembered = np.exp(-1 / (skeleton.DRIFT_MEMORY * RATE))
    expected = scale * np.cumsum(remembered ** np.arange(len(frames) - 1))
    np.testing.assert_allclose(frames[1:, 3, 0], expected, rtol=1e-4)


def test_no_frame_depends_on_what_comes_later() -> None:
    rng = np.random.default_rng(0)
    observations = [person() + rng.normal(0, 3, (JOINTS, 3)) * [1, 1, 0] for _ in range(20)]
    whole, _ = watch(observations)
    part, _ = watch(observations[:10])
    np.testing.assert_array_equal(whole[: len(part)], part)


def test_size_and_place_in_the_image_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    movement = rng.normal(0, 2, (30, JOINTS, 3)) * [1, 1, 0]
    near, _ = watch([person(4.0, (500.0, 400.0)) + 4 * move for move in movement])
    far, _ = watch([person(1.0, (90.0, 80.0)) + move for move in movement])
    np.testing.assert_allclose(near, far, atol=1e-5)


def test_crouching_does_not_change_the_size() -> None:
    upright, _ = watch([person()] * 20)
    crouching = person()
    crouching[:, 1] = np.where(STANDING[:, 1] < -44, crouching[:, 1] + 35, crouching[:, 1])
    crouching[[13, 14], 0] += 12  # knees forward: thighs and shins lie across
    crouching[[13, 14], 1] += 8
    frames, _ = watch([person()] * 20 + [crouching] * 20)
    before, after = upright[-1, 1] + skeleton.USUAL_HEIGHTS, frames[-1, 1] + skeleton.USUAL_HEIGHTS
    assert after[11] - after[5] == pytest.approx(before[11] - before[5], rel=0.15)
    assert frames[-1, 3:, 0] == pytest.approx([0.0, frames[-1, 4, 0]])
    assert frames[:, 4].max() > 0.15  # the trunk went down


def test_who_stands_does_not_drift_and_who_walks_does() -> None:
    rng = np.random.default_rng(2)
    still, _ = watch([person() + rng.normal(0, 1.0, (JOINTS, 3)) * [1, 1, 0] for _ in range(60)])
    walking, _ = watch([person(at=(300.0 + 8 * k, 200.0)) for k in range(60)])
    assert np.abs(still[:, 3:]).max() < 0.05
    assert walking[-1, 3].min() > 0.5
    assert np.abs(walking[-1, :2] - still[-1, :2]).max() < 0.1


@pytest.mark.parametrize("missing", [(50.0, 60.0, 0.0), (np.nan, np.nan, 0.9), (1.0, np.inf, 0.9), (7.0, 8.0, np.nan)])
def test_a_missing_joint_is_zero_and_changes_no_other(missing: tuple[float, float, float]) -> None:
    seen, _ = watch([person()] * 5)
    partly = person()
    partly[9] = missing
    frames, _ = watch([partly] * 5)
    assert not frames[:, :3, 9].any()
    others = np.arange(JOINTS) != 9
    np.testing.assert_allclose(frames[:, :, others], seen[:, :, others], atol=0.05)


def test_a_joint_that_is_seen_now_and_then_does_not_come_from_the_origin() -> None:
    hidden = person()
    hidden[10] = 0.0
    frames, _ = watch([person(), hidden, person(), hidden, person()], rate=5.0)
    wrist = frames[:, :2, 10][frames[:, 2, 10] > 0]
    np.testing.assert_allclose(wrist, np.broadcast_to(frames[0, :2, 10], wrist.shape), atol=0.05)


def test_nobody_seen_is_a_blank_frame() -> None:
    frames, state = watch([np.full((JOINTS, 3), np.nan)] * 3)
    assert not frames.any()
    frames, _ = observe(person(), state.stamp + 0.1, state)
    assert frames[-1, :3].any()


def test_hidden_hips_do_not_look_like_a_jump() -> None:
    hidden = person()
    hidden[[11, 12], 2] = 0.0
    frames, _ = watch([person()] * 10 + [hidden] * 10)
    assert np.abs(frames[:, 3:]).max() < 1e-6


def test_the_state_given_is_not_changed() -> None:
    _, state = observe(person(), 1.0, None)
    first, _ = observe(person(at=(310.0, 200.0)), 1.2, state)
    second, _ = observe(person(at=(310.0, 200.0)), 1.2, state)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("stamp", [1.0, 0.5, 1.0 + skeleton.MAX_GAP + 0.1, float("nan")])
def test_a_stamp_that_does_not_continue_is_refused(stamp: float) -> None:
    _, state = observe(person(), 1.0, None)
    with pytest.raises(ValueError, match=r"stamp|observation"):
        observe(person(), stamp, state)


def test_other_layouts_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(17, 3\)"):
        observe(np.zeros((18, 3)), 1.0, None)
