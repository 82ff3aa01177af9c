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
from opendr_perception.training.action.online.data import HELD_OUT, Streams, just_begun, keep, read_trunk, sources
from opendr_perception.training.action.online.train import Settings, Trainer, card_of
from opendr_perception.training.body.motion import ACTIONS, UNLABELLED
from opendr_perception.training.common.weights import save

TINY = Settings(steps=3, batch=2)
FEATURES = 6
RATE = 20.0
BEGUN = 10


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def streams() -> Streams:
    """Three actions in turn, each of which raises a feature of its own."""
    labels = np.tile(np.repeat([0, 1, 2], 32), (4, 1)).astype(np.int8)
    features = np.stack([labels == k for k in range(FEATURES)], 1).astype(np.float16)
    return Streams(features, labels, np.stack([just_begun(row, RATE) for row in labels]), RATE)


def test_an_action_has_just_begun_for_half_a_second() -> None:
    labels = np.array([3] * 20 + [UNLABELLED] * 4 + [5] * 20 + [UNLABELLED] * 3 + [5] * 9)
    begun = just_begun(labels, RATE)
    assert not begun[:24].any()  # it went on already when the stream began
    assert begun[24 : 24 + BEGUN].all()
    assert not begun[24 + BEGUN :].any()  # a short gap is no end
    again = just_begun(np.array([5] * 5 + [UNLABELLED] * 20 + [5] * 4), RATE)
    assert again[25:].all()
    assert not again[:25].any()
    slow = just_begun(np.array([3] * 6 + [UNLABELLED] + [5] * 9), 6.0)
    assert np.flatnonzero(slow).tolist() == [7, 8, 9]


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
    read = sources(folder, "test")
    assert {*read} == {*HELD_OUT}
    np.testing.assert_array_equal(read["kard"].labels, streams.labels)
    assert read["kard"].rate == RATE
    torch.manual_seed(0)
    trunk = read_trunk(data.WEIGHTS, data.BLOCKS)
    for name in ("co-oadtr-b1", "lstm", "lstm-local"):
        network = head(name, 96, len(ACTIONS)).eval()
        save(network, folder / f"{name}-1.npz", card_of(Settings(name), network, 96))
    monkeypatch.setattr(compare, "FEWEST", 0.5)
    monkeypatch.setattr(compare, "REPEATS", 1)
    found = compare.compared(folder, "test", [1], Console(quiet=True), trunk)
    assert [*found] == ["co-oadtr-b1", "lstm", "lstm-local", "action-open"]
    assert found["co-oadtr-b1"]["step_of_window_macs"] < 0.02
    assert found["co-oadtr-b1"]["largest_difference"] < 1e-4
    assert found["lstm-local"]["macs"] == 96 * 128 + 3 * 3 * 128**2 + 8 * 128**2 + 128 * 2 * len(ACTIONS)
    with pytest.raises(ValueError, match="lstm is to compare with"):
        export.detector(folder / "lstm-1.npz", trunk)
    whole = export.detector(folder / "co-oadtr-b1-1.npz", trunk)
    assert 0.4 < export.temperature_of(whole.over, [wide]) < 3.1
