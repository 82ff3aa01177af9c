"""Training for online detection: begins, checkpoints, figures, and the model of the node."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from opendr_perception.networks.action.online import head
from opendr_perception.training.action.online import compare, data, export
from opendr_perception.training.action.online.data import BEGUN, HELD_OUT, Streams, just_begun, keep, kept
from opendr_perception.training.action.online.train import Settings, Trainer, card_of
from opendr_perception.training.body.motion import ACTIONS, UNLABELLED
from opendr_perception.training.common.weights import save

TINY = Settings(steps=3, batch=2, frames=70)
FEATURES = 6


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def streams() -> Streams:
    """Three actions in turn, each of which raises a feature of its own."""
    labels = np.tile(np.repeat([0, 1, 2], 30), (4, 1)).astype(np.int8)
    features = np.stack([labels == k for k in range(FEATURES)], 1).astype(np.float16)
    return Streams(features, labels, np.stack([just_begun(row) for row in labels]))


def test_an_action_has_just_begun_for_half_a_second() -> None:
    labels = np.array([3] * 20 + [UNLABELLED] * 4 + [5] * 20 + [UNLABELLED] * 3 + [5] * 9)
    begun = just_begun(labels)
    assert not begun[:24].any()  # it went on already when the stream began
    assert begun[24 : 24 + BEGUN].all()
    assert not begun[24 + BEGUN :].any()  # a short gap is no end
    again = just_begun(np.array([5] * 5 + [UNLABELLED] * 20 + [5] * 4))
    assert again[25:].all()
    assert not again[:25].any()


@pytest.mark.parametrize("network", ["co-oadtr-b1", "co-oadtr-b2", "gru"])
def test_a_training_that_was_interrupted_goes_on_as_if_nothing_had_happened(
    network: str, streams: Streams, tmp_path: Path
) -> None:
    settings = replace(TINY, network=network)
    whole = Trainer(settings, streams, tmp_path / "whole.pt")
    losses = [loss for _, loss, _ in whole.run()]
    part = Trainer(settings, streams, tmp_path / "part.pt")
    next(steps := part.run())
    next(steps)
    part.save()
    later = Trainer(settings, streams, tmp_path / "part.pt")
    later.resume()
    assert [loss for _, loss, _ in later.run()] == losses[2:]


def test_figures_are_those_of_the_network(streams: Streams) -> None:
    class Knows(torch.nn.Module):
        def forward(self, clip: torch.Tensor) -> torch.Tensor:
            going = torch.zeros(len(clip), len(ACTIONS), clip.shape[2])
            going[:, :FEATURES] = 20 * clip
            return torch.cat([going, going - 30], 1)

    known, begins = compare.measured(Knows(), replace(streams, features=np.tile(streams.features, 1)))
    assert known == pytest.approx(1.0)
    assert begins < 0.6  # it says the same of all frames of an action


def test_networks_are_compared_and_one_is_exported(
    streams: Streams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "features"
    folder.mkdir()
    wide = replace(streams, features=np.tile(streams.features, (1, 16, 1)))
    for part in ("validation", "test"):
        for source in HELD_OUT:
            keep(folder / f"{part}-{source}.npz", wide)
    np.testing.assert_array_equal(kept(folder / "test-kard.npz").labels, streams.labels)
    torch.manual_seed(0)
    for name in ("co-oadtr-b1", "lstm"):
        network = head(name, 96, len(ACTIONS)).eval()
        save(network, folder / f"{name}-1.npz", card_of(Settings(name), network, 96))
    monkeypatch.setattr(compare, "FEWEST", 10)
    monkeypatch.setattr(compare, "REPEATS", 1)
    found = compare.compared(folder, "test", [1], Console(quiet=True), data.WEIGHTS, data.BLOCKS)
    assert [*found] == ["co-oadtr-b1", "lstm", "action-open"]
    assert found["co-oadtr-b1"]["step_of_window_macs"] < 0.02
    assert found["co-oadtr-b1"]["largest_difference"] < 1e-4
    with pytest.raises(ValueError, match="lstm is to compare with"):
        export.detector(folder / "lstm-1.npz", data.WEIGHTS, 3)
    whole = export.detector(folder / "co-oadtr-b1-1.npz", data.WEIGHTS, 3)
    assert 0.4 < export.temperature_of(whole.over, [wide]) < 3.1
