"""Training: batches, checkpoints and files of weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.networks.action.tcn import ActionTcn
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action import pool as action_pool
from opendr_perception.training.action import train
from opendr_perception.training.action.data import CLIPS, parse_clip, repeat
from opendr_perception.training.action.pool import OPEN_ONLY, Drawn, Pool, augment, disturb
from opendr_perception.training.action.train import Settings, Trainer
from opendr_perception.training.action.weights import load
from opendr_perception.training.body.motion import ACTIONS, RATE, UNLABELLED, Body
from opendr_perception.training.common.weights import save

TINY = Settings(steps=4, batch=2, width=4)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """Batches of a small pool of simulated people; nothing is recorded or downloaded."""
    monkeypatch.setattr(action_pool, "SHARD", 3)
    monkeypatch.setattr(action_pool, "FRAMES", 40)
    monkeypatch.setattr(action_pool, "SECONDS", 2.4)
    monkeypatch.setattr(action_pool, "SHARDS", {"simulation": 2})
    monkeypatch.setattr(action_pool, "_clips", dict)
    return Drawn(Pool(tmp_path / "pool", tmp_path), ("simulation",), 1, TINY.steps)


def test_a_shard_is_made_once_and_the_same_by_everybody(drawn: Drawn, tmp_path: Path) -> None:
    frames, labels = drawn.pool.shard("simulation", 1)
    assert frames.shape == (3, skeleton.CHANNELS, 40, skeleton.JOINTS)
    assert labels.shape == (3, 40)
    (file,) = (tmp_path / "pool").iterdir()
    made = file.stat().st_mtime_ns
    drawn.pool.shard("simulation", 1)
    assert file.stat().st_mtime_ns == made
    again, _ = Pool(tmp_path / "other", tmp_path).shard("simulation", 1)
    np.testing.assert_array_equal(again, frames)


def test_a_batch_is_the_same_whenever_it_is_asked_for(drawn: Drawn) -> None:
    batches = [drawn.batch(step, 4) for step in range(3)]
    frames, labels = Drawn(drawn.pool, ("simulation",), 1, TINY.steps).batch(2, 4)
    np.testing.assert_array_equal(frames, batches[2][0])
    np.testing.assert_array_equal(labels, batches[2][1])
    assert not np.array_equal(frames, batches[1][0])


def test_variation_keeps_what_is_missing_missing_and_labels_with_their_frames() -> None:
    rng = np.random.default_rng(0)
    frames = rng.uniform(0.2, 0.4, (64, 5, 30, 17)).astype(np.float32)
    frames[:, :3, :, 9] = 0.0  # the left wrist
    frames[:, 3] = frames[:, 4] = (np.arange(30) / 10)[None, :, None]
    labels = np.tile(np.arange(30), (64, 1))
    varied, moved = augment(rng, frames.copy(), labels.copy())
    wrists = (varied[:, 2, :, 9] > 0).any(1), (varied[:, 2, :, 10] > 0).any(1)
    assert not (wrists[0] & wrists[1]).any()  # one of them was missing, in a mirror the other one
    assert not (varied[:, :2] * (varied[:, 2:3] == 0)).any()
    shown = moved != UNLABELLED
    assert (~shown).any()  # some came into view later
    for drift, label, judged in zip(varied[:, 4, :, 0], moved, shown, strict=True):
        ratio = drift[judged & (label > 0)] / label[judged & (label > 0)]
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)


def test_who_is_led_astray_for_moments_keeps_missing_joints_and_comes_back() -> None:
    rng = np.random.default_rng(0)
    clear = rng.uniform(0.2, 0.4, (64, 5, 120, 17)).astype(np.float32)
    clear[:, :3, :, 9] = 0.0  # the left wrist
    clear[:, 3:] = 0.0
    kept = clear.copy()
    astray = disturb(rng, clear)
    np.testing.assert_array_equal(clear, kept)
    moved = (astray != clear).any((1, 2, 3))
    assert 10 < moved.sum() < 40
    assert not astray[:, :3, :, 9].any()
    still = (astray[:, :3] == clear[:, :3]).all((1, 3))
    assert 0.5 < still[moved].mean() < 0.95  # of the time
    leaps = np.abs(np.diff(astray[moved, 3, :, 0], axis=1))
    assert leaps.max() > 0.1
    fading = astray[moved, 3, 1:, 0] - astray[moved, 3, :-1, 0] * skeleton.FORGETTING
    assert np.median(np.abs(fading)) < 1e-6  # between leaps it is forgotten as the skeleton's own is


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(drawn: Drawn, tmp_path: Path) -> None:
    whole = Trainer(TINY, drawn, tmp_path / "whole.pt")
    losses = [loss for _, loss, _ in whole.run()]
    first = Trainer(TINY, drawn, tmp_path / "parts.pt")
    for step, _, _ in first.run():
        if step == 2:
            first.save()
            break
    state = torch.get_rng_state()
    second = Trainer(TINY, drawn, tmp_path / "parts.pt")
    second.resume()
    torch.set_rng_state(state)
    assert [loss for _, loss, _ in second.run()] == losses[2:]
    for a, b in zip(whole.network.state_dict().values(), second.network.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_a_checkpoint_of_other_settings_is_refused(drawn: Drawn, tmp_path: Path) -> None:
    trainer = Trainer(TINY, drawn, tmp_path / "checkpoint.pt")
    trainer.save()
    other = Trainer(Settings(steps=9, batch=2, width=4), drawn, trainer.checkpoint)
    with pytest.raises(ValueError, match="other settings"):
        other.resume()


def test_weights_survive_the_way_through_a_file(tmp_path: Path) -> None:
    network = ActionTcn(len(ACTIONS), 4).eval()
    card = {"labels": list(ACTIONS), "width": 4, "frames_version": skeleton.VERSION}
    save(network, tmp_path / "w.npz", card)
    loaded, again = load(tmp_path / "w.npz")
    assert again == card
    for a, b in zip(network.state_dict().values(), loaded.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["w.npz", "w.yaml"]


@pytest.mark.parametrize(
    ("change", "complaint"), [({"frames_version": 0}, "version"), ({"width": 8}, "fit"), ({"labels": ["walk"]}, "fit")]
)
def test_weights_for_something_else_are_refused(tmp_path: Path, change: dict[str, object], complaint: str) -> None:
    card = {"labels": list(ACTIONS), "width": 4, "frames_version": skeleton.VERSION} | change
    save(ActionTcn(len(ACTIONS), 4), tmp_path / "w.npz", card)
    with pytest.raises(ValueError, match=complaint):
        load(tmp_path / "w.npz")


def clip_text(speed: float = 1.2, frames: int = 31) -> str:
    """A clip of somebody who glides forward upright."""
    rows = []
    for k in range(frames):
        joint = [1.0, 0.0, 0.0, 0.0]
        hinge = [0.0]
        angles = [*joint * 4, *hinge, *joint * 2, *hinge, *joint, *hinge, *joint * 2, *hinge]
        rows.append([1 / RATE, speed * k / RATE, 0.9, 0.0, *joint, *angles[4:]])
    return json.dumps({"Loop": "wrap", "Frames": rows})


def test_a_clip_is_read_and_repeated() -> None:
    motion = parse_clip(clip_text(), CLIPS[0])
    assert (motion.labels == ACTIONS.index(CLIPS[0].action)).all()
    twice = repeat(motion, 2)
    assert len(twice) == 2 * len(motion)
    way = np.ptp(Body.standard().keypoints(twice)[:, 11, 0])
    assert way == pytest.approx(2 * 1.2, rel=0.1)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"Frames": [[1, 2], [3]]}', '{"Frames": [[0, 1], [0, 1]]}'])
def test_what_is_no_clip_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="walk"):
        parse_clip(text, CLIPS[0])


def test_some_recordings_of_each_kind_of_evaluation_are_held_out() -> None:
    held_out = {clip.action for clip in CLIPS if clip.held_out}
    assert {"walk", "jump", "kick", "stand up"} <= held_out


@pytest.mark.parametrize("name", ["action-open", "action-research"])
def test_the_shipped_weights_are_for_this_code(name: str) -> None:
    network, card = load(Path(train.__file__).resolve().parents[2] / f"zoo/weights/{name}.npz")
    assert tuple(card["labels"]) == ACTIONS
    assert card["rate"] == skeleton.RATE
    assert card["receptive_field"] == network.receptive_field
    assert (card["sources"] == list(OPEN_ONLY)) == (card["terms"] == "open") == (name == "action-open")
    state = network.initial_state(1)
    assert sum(tensor.numel() for tensor in state.tensors) * 4 < 64e3  # bytes per person
