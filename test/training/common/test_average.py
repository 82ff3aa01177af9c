"""The mean of weights is of one network, and of one only."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from opendr_perception.training.common.average import averaged
from opendr_perception.training.common.weights import save


def written(path: Path, seed: int, channels: int = 3, labels: str = "ab") -> Path:
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(2, channels), nn.BatchNorm1d(channels))
    save(network, path, {"labels": list(labels), "command": f"train --seed {seed}"})
    return path


def test_it_is_between_them_and_its_card_tells_of_all(tmp_path: Path) -> None:
    paths = [written(tmp_path / f"{seed}.npz", seed) for seed in (1, 2, 3)]
    state, card = averaged(paths)
    torch.manual_seed(1)
    one = nn.Linear(2, 3).weight
    torch.manual_seed(2)
    two = nn.Linear(2, 3).weight
    torch.manual_seed(3)
    three = nn.Linear(2, 3).weight
    assert torch.allclose(state["0.weight"], (one + two + three) / 3)
    assert state["1.num_batches_tracked"].dtype == torch.int64
    assert card["labels"] == ["a", "b"]
    assert card["command"] == "the mean of: train --seed 1; train --seed 2; train --seed 3"


@pytest.mark.parametrize("other", [{"channels": 4}, {"labels": "abc"}])
def test_different_networks_have_none(tmp_path: Path, other: dict[str, object]) -> None:
    paths = [written(tmp_path / "1.npz", 1), written(tmp_path / "2.npz", 2, **other)]  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"2\.npz is of another network"):
        averaged(paths)
    with pytest.raises(ValueError, match="two files"):
        averaged(paths[:1])
