"""Simulated people: what they do, what a camera sees of it, and its labels."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action import grounded, upright
from opendr_perception.training.action.camera import HELD_OUT_ELEVATIONS, Viewpoint, observe_people, stamps
from opendr_perception.training.action.simulate import (
    Actor,
    LabelledFrames,
    batch_of,
    connect,
    render,
    training_sequence,
)
from opendr_perception.training.body.key_poses import Style
from opendr_perception.training.body.motion import ACTIONS, RATE, UNLABELLED, Body

CHEST = np.array([0.0, 1.2, 0.0])


@pytest.mark.parametrize("action", list(upright.UPRIGHT))
def test_each_action_is_a_motion_of_its_own_name(action: str) -> None:
    rng = np.random.default_rng(3)
    motion = upright.UPRIGHT[action](rng, Style.random(rng))
    assert (motion.labels == ACTIONS.index(action)).all()
    np.testing.assert_allclose(np.linalg.norm(motion.rotations, axis=-1), 1, atol=1e-9)
    keypoints = Body.random(rng).keypoints(motion)
    assert keypoints.shape == (len(motion), 17, 3)
    assert np.isfinite(keypoints).all()
    assert keypoints[..., 1].min() > -0.1


@pytest.mark.parametrize("seed", range(5))
def test_who_sits_down_falls_or_rises_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    style, body = Style.random(rng), Body.standard()
    seat = grounded.seat(rng)
    hips = body.keypoints(grounded.sit_down(rng, style, seat))[:, [11, 12], 1].mean(1)
    assert hips[0] - hips[-1] > 0.2
    hips = body.keypoints(grounded.rise(rng, style, seat))[:, [11, 12], 1].mean(1)
    assert hips[-1] - hips[0] > 0.2
    falling, pose = grounded.fall(rng, style)
    assert body.keypoints(falling)[-1, :, 1].max() < 0.85
    assert body.keypoints(grounded.get_up(rng, style, pose))[-1, 0, 1] > 1.3


@pytest.mark.parametrize("seed", range(5))
def test_who_walks_gets_somewhere_unless_on_the_spot_and_who_stands_does_not(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upright, "ON_THE_SPOT", 0.0)
    rng = np.random.default_rng(seed)
    style = Style.random(rng)
    hips = Body.standard().keypoints(upright.walk(rng, style))[:, 11, ::2]
    speed = np.linalg.norm(hips[-1] - hips[0]) / len(hips) * RATE
    assert 0.5 < speed < 2.5  # m/s, along the straight line
    stood = np.ptp(Body.standard().keypoints(upright.stand(rng, style))[:, 11, ::2], axis=0).max()
    assert stood < 0.4
    monkeypatch.setattr(upright, "ON_THE_SPOT", 1.0)
    hips = Body.standard().keypoints(upright.walk(np.random.default_rng(seed), style))[:, 11, ::2]
    assert np.linalg.norm(hips[-1] - hips[0]) / len(hips) * RATE < 0.3


def test_transitions_have_no_label() -> None:
    rng = np.random.default_rng(0)
    style = Style.random(rng)
    parts = [upright.stand(rng, style), upright.kick(rng, style)]
    motion = connect(rng, parts)
    between = motion.labels[len(parts[0]) : -len(parts[1])]
    assert len(between) > 0
    assert (between == UNLABELLED).all()
    assert np.linalg.norm(np.diff(motion.rotations, axis=0), axis=-1).max() < 0.35  # no jerk of a joint


@pytest.mark.parametrize("held_out", [False, True])
def test_cameras_look_from_where_they_may(held_out: bool) -> None:
    rng = np.random.default_rng(0)
    low, high = HELD_OUT_ELEVATIONS
    for _ in range(50):
        viewpoint = Viewpoint.random(rng, CHEST, 1.0, held_out)
        away = viewpoint.place - CHEST
        elevation = np.degrees(np.arctan2(away[1], np.hypot(away[0], away[2])))
        assert (low <= elevation < high) == held_out
        x, y = viewpoint.project(CHEST)
        assert -0.5 < x / viewpoint.camera.width < 1.5
        assert -0.5 < y / viewpoint.camera.height < 1.5
        above, right_of = viewpoint.project(CHEST + np.array([0.0, 0.3, 0.0])), viewpoint.axes[0]
        assert above[1] < y  # y is down
        assert viewpoint.project(CHEST + 0.1 * right_of)[0] > x


def test_frames_come_in_order_at_the_rates_of_robots() -> None:
    for seed in range(20):
        at = stamps(np.random.default_rng(seed), 10.0)
        assert (np.diff(at) > 0).all()
        assert 40 <= len(at) <= 300


def test_scores_say_what_is_seen() -> None:
    rng = np.random.default_rng(0)
    at = np.arange(0, 1.5, 0.1)
    inside, outside = [], []
    for _ in range(10):
        keypoints = Body.standard().keypoints(upright.stand(rng, Style.random(rng)))
        viewpoint = Viewpoint.random(rng, CHEST, 1.0, held_out=False)
        seen = observe_people(rng, keypoints, viewpoint, at)
        assert seen.shape == (len(at), 17, 3)
        assert (seen[..., 2] >= 0).all() and (seen[..., 2] <= 1).all()
        inside.append(np.median(seen[..., 2]))
        outside.append(np.median(observe_people(rng, keypoints + 100 * viewpoint.axes[0], viewpoint, at)[..., 2]))
    assert np.median(inside) > 0.3
    assert max(outside) < skeleton.MIN_SCORE


def test_an_example_depends_on_its_seed_alone() -> None:
    first, again, other = (training_sequence((1, index), {}, 3.0) for index in (0, 0, 1))
    np.testing.assert_array_equal(first.frames, again.frames)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert first.frames.shape != other.frames.shape or not np.array_equal(first.frames, other.frames)


def test_examples_are_frames_with_labels_where_there_is_something_to_see() -> None:
    for index in range(5):
        example = training_sequence((2, index), {}, 4.0)
        assert example.frames.shape[1:] == (skeleton.CHANNELS, skeleton.JOINTS)
        assert len(example.frames) == len(example.labels)
        assert 50 <= len(example.frames) <= 4.0 * skeleton.RATE + 1
        blank = ~example.frames[:, 2].any(1)
        assert (example.labels[blank] == UNLABELLED).all()
        assert set(example.labels) <= set(range(UNLABELLED, len(ACTIONS)))


def test_an_action_between_standing_is_whole() -> None:
    rng = np.random.default_rng(0)
    actor = Actor(rng, {})
    kick = upright.kick(rng, actor.style)
    motion = actor.around(kick, 6.0)
    assert len(motion) == round(6 * RATE)
    assert motion.labels[0] == ACTIONS.index("stand")
    assert (motion.labels == ACTIONS.index("kick")).any()
    rendered = render(rng, motion, held_out=True)
    assert np.isfinite(rendered.frames).all()


def test_short_examples_are_filled_with_blank_frames() -> None:
    example = LabelledFrames(np.ones((3, 5, 17), np.float32), np.array([1, 1, 2]))
    frames, labels = batch_of([example, example], 5)
    assert frames.shape == (2, 5, 5, 17)
    assert frames[:, :, :3].all() and not frames[:, :, 3:].any()
    assert labels[0].tolist() == [1, 1, 2, UNLABELLED, UNLABELLED]
