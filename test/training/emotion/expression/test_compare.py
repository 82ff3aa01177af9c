"""A comparison with and without the reward for diversity is of the same trainings that the command does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.training.emotion.expression.compare import first_stage, learn, summary
from opendr_perception.training.emotion.expression.data import FaceSet, LabelledFace
from opendr_perception.training.emotion.expression.recipes import SMALLEST
from opendr_perception.training.emotion.expression.train import Settings, Trainer


@pytest.fixture(scope="module")
def faces() -> FaceSet:
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    drawn = tuple(
        LabelledFace(Path("none"), k % 2, pixels=rng.integers(0, 256, (48, 48)).astype(np.uint8)) for k in range(8)
    )
    return FaceSet(("neutral", "happy"), drawn, drawn[:6])


SMALL = Settings("esr2-cbam", "fer2013", 16, SMALLEST, epochs=1, branch_epochs=2, batch=2, rate=0.02)


def test_a_first_stage_that_is_shared_changes_nothing(faces: FaceSet, tmp_path: Path) -> None:
    first = first_stage(SMALL, faces, tmp_path / "first.pt")
    plain, rewarded = learn(SMALL, faces, (0.0, 1.0), first)
    alone = Trainer(replace(SMALL, diversity=1.0), faces, tmp_path / "alone.pt")
    for _ in alone.run():
        pass
    figures = alone.evaluate()
    assert {name: rewarded[name] for name in figures} == figures
    assert rewarded["diversity_of_channels"] > plain["diversity_of_channels"]
    assert all(0 <= value <= 1 for value in (*plain.values(), *rewarded.values()))
    other = replace(SMALL, network="esr2")
    unattended = first_stage(other, faces, tmp_path / "other.pt")
    assert "diversity_of_places" not in learn(other, faces, (0.0,), unattended)[0]


def test_seeds_may_share_a_first_stage_that_can_be_interrupted(faces: FaceSet, tmp_path: Path) -> None:
    whole = first_stage(SMALL, faces, tmp_path / "whole.pt")
    trainer = Trainer(SMALL, faces, tmp_path / "parts.pt")
    next(trainer.run())
    trainer.save()
    parts = first_stage(SMALL, faces, tmp_path / "parts.pt")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    again = first_stage(SMALL, faces, tmp_path / "parts.pt")  # nothing is done twice
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    assert learn(SMALL, faces, (1.0,), whole) == learn(SMALL, faces, (1.0,), parts)
    assert learn(replace(SMALL, seed=2), faces, (1.0,), whole) != learn(SMALL, faces, (1.0,), whole)


def test_images_may_have_any_size_that_the_layers_leave_anything_of(faces: FaceSet, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="images of 54 pixels or more, not of 53"):
        Trainer(replace(SMALL, size=SMALLEST - 1), faces, tmp_path / "one.pt")
    with pytest.raises(ValueError, match="ma-net takes images of 224 pixels, not of 96"):
        Trainer(Settings("ma-net", "fer2013", size=96, batch=2), faces, tmp_path / "one.pt")


def test_a_change_is_beyond_the_noise_only_if_the_seeds_agree() -> None:
    without = [{"accuracy": 0.50, "disagreement": 0.10}, {"accuracy": 0.54, "disagreement": 0.12}]
    rewarded = [{"accuracy": 0.53, "disagreement": 0.20}, {"accuracy": 0.52, "disagreement": 0.22}]
    found = summary({"esr2-cbam": without, "esr2-cbam, rewarded": rewarded})
    change = found["change by the reward"]
    assert isinstance(change, dict)
    assert change["accuracy"]["mean"] == 0.005 and not change["accuracy"]["beyond noise"]
    assert change["disagreement"] == {"mean": 0.1, "noise": 0.0, "beyond noise": True}
