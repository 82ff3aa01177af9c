"""Training: batches, checkpoints and files of weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.networks.action.live import CHANNELS, FIELD, ActionNetwork
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action import train
from opendr_perception.training.action.data import CLIPS, parse_clip, repeat
from opendr_perception.training.action.train import Examples, Settings, Trainer, predict
from opendr_perception.training.action.weights import load
from opendr_perception.training.body.motion import ACTIONS, RATE, Body
from opendr_perception.training.common.weights import save

TINY = Settings(steps=4, batch=2, width=4, frames=24)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_a_batch_is_the_same_whenever_it_is_asked_for() -> None:
    forward, alone = Examples(TINY, {}), Examples(TINY, {})
    batches = [forward.batch(step) for step in range(3)]
    frames, labels = alone.batch(2)
    assert frames.shape == (2, skeleton.CHANNELS, 24, skeleton.JOINTS)
    assert torch.equal(frames, batches[2][0])
    assert torch.equal(labels, batches[2][1])
    assert not torch.equal(frames, batches[1][0])


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    examples = Examples(TINY, {})
    whole = Trainer(TINY, examples, tmp_path / "whole.pt")
    losses = [loss for _, loss, _ in whole.run()]
    first = Trainer(TINY, examples, tmp_path / "parts.pt")
    for step, _, _ in first.run():
        if step == 2:
            first.save()
            break
    second = Trainer(TINY, examples, tmp_path / "parts.pt")
    second.resume()
    assert [loss for _, loss, _ in second.run()] == losses[2:]
    for a, b in zip(whole.network.state_dict().values(), second.network.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    trainer = Trainer(TINY, Examples(TINY, {}), tmp_path / "checkpoint.pt")
    trainer.save()
    other = Trainer(Settings(steps=9, batch=2, width=4, frames=24), Examples(TINY, {}), trainer.checkpoint)
    with pytest.raises(ValueError, match="other settings"):
        other.resume()


def test_the_network_takes_the_frames_of_a_skeleton() -> None:
    assert (CHANNELS, len(ActionNetwork(3, 4).skeleton.joints)) == (skeleton.CHANNELS, skeleton.JOINTS)


def test_blank_frames_before_a_track_are_the_state_it_begins_with() -> None:
    torch.manual_seed(0)
    network = ActionNetwork(3, 4).eval()
    frames = torch.randn(1, skeleton.CHANNELS, 6, skeleton.JOINTS)
    state = network.initial_state(1)
    _, state = network.steps(torch.zeros(1, skeleton.CHANNELS, FIELD - 1, skeleton.JOINTS, 1), state)
    streamed, state = network.steps(frames.unsqueeze(-1), state)
    assert network.valid(state, steps=6).all()
    with torch.no_grad():
        torch.testing.assert_close(streamed, predict(network, frames), atol=1e-5, rtol=1e-4)


def test_weights_survive_the_way_through_a_file(tmp_path: Path) -> None:
    network = ActionNetwork(len(ACTIONS), 4).eval()
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
    save(ActionNetwork(len(ACTIONS), 4), tmp_path / "w.npz", card)
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


def test_the_shipped_weights_are_for_this_code() -> None:
    network, card = load(Path(train.__file__).resolve().parents[2] / "zoo/weights/action-costgcn.npz")
    assert tuple(card["labels"]) == ACTIONS
    assert card["rate"] == skeleton.RATE
    assert card["receptive_field"] == network.receptive_field
    state = network.initial_state(1)
    assert sum(tensor.numel() for tensor in state.tensors) * 4 < 3.5e6  # bytes per person
