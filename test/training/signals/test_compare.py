"""Attentions are compared on the same halves and batches, and what is within noise is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from opendr_perception.training.common.command import application
from opendr_perception.training.signals import compare
from opendr_perception.training.signals.compare import BASELINES, VARIANTS, beat_network, read_beats_file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shapes of beats, and a third one that is too rare."""
    rng, lines = np.random.default_rng(0), ["#made", "@data"]
    for place in range(42):
        label = 1 + place % 2 if place < 40 else 3
        wave = np.sin(np.arange(40) * 0.2 * label) + rng.normal(0, 0.1, 40)
        lines.append(",".join(f"{value:.4f}" for value in wave) + f":{label}")
    path = tmp_path_factory.mktemp("beats") / "ECG5000_TRAIN.ts"
    path.write_text("\n".join(lines))
    return path


def test_beats_are_read_scaled_and_halved_label_by_label(file: Path) -> None:
    beats = read_beats_file(file)
    assert (beats.waves.shape, beats.names) == ((40, 40), ("1", "2"))
    assert np.allclose(beats.waves.mean(1), 0, atol=1e-5)
    one, other = beats.halves(3)
    assert sorted([*one, *other]) == list(range(40))
    assert np.bincount(beats.labels[one]).tolist() == [10, 10]
    assert (beats.halves(3)[0] == one).all()
    assert not np.array_equal(beats.halves(4)[0], one)


@pytest.mark.parametrize("text", ["1,2:1\n1,2,3:1", "1,x:1", "1,2", "1,nan:1", "1,2:1\n1,3:1"])
def test_what_is_no_such_file_is_refused_with_its_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "other.ts").write_text(text)
    with pytest.raises(ValueError, match=r"other\.ts"):
        read_beats_file(tmp_path / "other.ts")


def test_every_attention_takes_part_in_what_is_said() -> None:
    for kind, heads in VARIANTS.values():
        network = beat_network(3, 40, kind, heads)
        network(torch.randn(2, 1, 40)).sum().backward()
        assert all(each.grad is not None for each in network.parameters()), kind


def test_a_difference_counts_that_is_larger_than_the_noise_of_all_comparisons() -> None:
    noise = np.random.default_rng(0).normal(0, 0.02, (len(VARIANTS), 6))
    scores = {name: (0.7 + noise[place]).tolist() for place, name in enumerate(VARIANTS)}
    scores["csa, h = 1"] = [value + 0.3 for value in scores["2da-ca"]]
    rows = {row["variant"]: row for row in compare.compare(scores)}
    assert [name for name, row in rows.items() if row["beyond noise"]] == ["csa, h = 1"]
    best = [name for name, row in rows.items() if row["difference"] is None]
    assert len(best) == 1
    assert best[0] in BASELINES


def test_the_command_writes_the_table(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: VARIANTS[name] for name in ("2da-ca", "2da-ta", "2da-ia", "ctsa, h = 2")}
    monkeypatch.setattr(compare, "VARIANTS", few)
    app = application(compare.main)
    command = [str(file.parent), "--seeds", "2", "--steps", "20", "--json", str(tmp_path / "table.json")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    table = json.loads((tmp_path / "table.json").read_text())
    assert [row["variant"] for row in table["rows"]] == list(few)
    assert (table["beats"], table["seeds"]) == ({"1": 20, "2": 20}, 2)
    assert max(map(max, table["scores"].values())) > 0.9, "two shapes are easily told apart"
    assert CliRunner().invoke(app, [str(tmp_path / "missing.ts")]).exit_code == 1
