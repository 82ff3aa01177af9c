"""Classifiers of sounds, measured on folders of labelled recordings."""

from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from opendr_perception.cli import app

RATE = 16000


def write(path: Path, seconds: float, seed: int) -> None:
    """White noise, which the shipped network takes for rain."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).normal(0, 3000, round(seconds * RATE)).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, len(samples), "NONE", ""))
        file.writeframes(samples.tobytes())


def measure(folder: Path, *options: str) -> tuple[int, str, dict[str, Any]]:
    file = folder.with_suffix(".json")
    result = CliRunner().invoke(app, ["evaluate", "sound", str(folder), "--json", str(file), *options])
    return result.exit_code, result.output, json.loads(file.read_text()) if file.exists() else {}


def test_a_folder_for_each_label_is_heard_and_other_labels_should_be_unknown(models: object, tmp_path: Path) -> None:
    for number in range(2):
        write(tmp_path / "own" / "rain" / f"{number}.wav", 3.0, number)
    write(tmp_path / "own" / "rooster" / "0.wav", 0.4, 5)  # a lie, and short
    write(tmp_path / "own" / "doorbell" / "0.wav", 3.0, 7)
    status, output, told = measure(tmp_path / "own", "--part", "all")
    assert status == 0, output
    figures = {row["name"]: row["value"] for row in told["figures"]}
    assert (figures["recordings"], figures["recordings of other sounds"]) == (3, 1)
    assert figures["right"] == pytest.approx(2 / 3, abs=1e-3)
    assert told["tables"]["recall"] == {"rain": 1.0, "rooster": 0.0}
    assert figures["other sounds called unknown"] == 0.0, "noise is rain to this network"
    assert 0 <= figures["unknown: area under ROC"] <= 1


def test_of_esc_the_fold_that_was_not_learnt_is_the_test(models: object, tmp_path: Path) -> None:
    for fold in (1, 2, 2):
        write(tmp_path / "esc" / "002_Rain" / f"{fold}-{fold}0-A.wav", 2.5, fold)
    status, output, told = measure(tmp_path / "esc")
    assert status == 0, output
    assert {row["name"]: row["value"] for row in told["figures"]}["recordings"] == 1


@pytest.mark.parametrize(
    ("part", "line"), [("validation", "parts train, test and all"), ("test", "no recordings of the part")]
)
def test_a_part_that_there_is_not_is_said(part: str, line: str, models: object, tmp_path: Path) -> None:
    write(tmp_path / "own" / "rain" / "0.wav", 0.2, 0)
    status, output, _ = measure(tmp_path / "own", "--part", part)
    assert status == 1
    assert line in output


def test_a_folder_without_sounds_is_said(models: object, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    status, output, _ = measure(tmp_path / "empty")
    assert status == 1
    assert "in none of the layouts" in output
