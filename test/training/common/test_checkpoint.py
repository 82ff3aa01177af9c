"""A checkpoint is of one training: whatever else is given to go on from is named in one line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from opendr_perception.training.common.checkpoint import Resumable


@dataclass(frozen=True)
class Settings:
    """Settings of a training."""

    seed: int = 1


class Training(Resumable):
    """A training of a layer of this width."""

    def __init__(self, path: Path, seed: int = 1, width: int = 2) -> None:
        self.settings, self.checkpoint, self.network = Settings(seed), path, torch.nn.Linear(width, 1)
        self.begin(0.1, 10, decay=0.0, warm_up=0.1)


def test_it_goes_on_with_the_same_weights(tmp_path: Path) -> None:
    first, second = Training(tmp_path / "c.pt"), Training(tmp_path / "c.pt")
    first.descend(first.network(torch.ones(1, 2)).sum())
    first.save()
    second.resume()
    assert second.step == 1
    assert torch.equal(first.network.weight, second.network.weight)  # type: ignore[arg-type]


def test_other_settings_and_another_network_are_refused(tmp_path: Path) -> None:
    Training(tmp_path / "c.pt").save()
    with pytest.raises(ValueError, match=r"c\.pt is of a training with other settings: \{'seed': 1\}"):
        Training(tmp_path / "c.pt", seed=2).resume()
    with pytest.raises(ValueError, match=r"c\.pt is of a training of another network"):
        Training(tmp_path / "c.pt", width=3).resume()


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    for content in (b"", b"rubbish"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"c\.pt is no checkpoint"):
            Training(path).resume()
    torch.save({"step": 3}, path)
    with pytest.raises(ValueError, match=r"c\.pt is no checkpoint"):
        Training(path).resume()
