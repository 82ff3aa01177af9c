"""Weights are found again in answers that were made by them, and figures count what is right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from opendr_perception.active.policies import AROUND, ExpectedGain, Lacking
from opendr_perception.bench.view.gains.looking import ANGLES, SeenScene, SideAnswer, fit, measure, write

WEIGHTS = np.array([[0.5, 0.1, 0.3, -0.2], [0.4, 0.2, 0.5, -0.1], [0.3, 0.3, 0.6, 0.05]])


def scenes(count: int, most: float = 0.5) -> list[SeenScene]:
    """Confidence grows from each side exactly as the weights say; who is more confident than half is right."""
    random, made = np.random.default_rng(3), []
    for _ in range(count):
        missing = Lacking(*random.uniform(0, most, 2), (float(random.uniform(0, 1)),))
        first = SideAnswer(0.2, False)
        gains = np.concatenate([WEIGHTS @ side for side in missing.numbers()])
        sides = [SideAnswer(0.2 + float(gain), 0.2 + gain > 0.5) for gain in gains]
        made.append(SeenScene(missing, 2.0, first, (first, *sides)))
    return made


def test_weights_are_found_again() -> None:
    np.testing.assert_allclose(fit(scenes(300, most=3.0)), WEIGHTS, atol=0.08)


def test_the_chosen_move_is_better_than_chance_and_staying(tmp_path: Path) -> None:
    result = measure(scenes(120), ExpectedGain(WEIGHTS), "answers")
    write(tmp_path / "figures.json", result)
    figures = {one["name"]: one for one in json.loads((tmp_path / "figures.json").read_text())["figures"]}
    values = {name: one["value"] for name, one in figures.items()}
    assert values["answers right, before"] == values["answers right, later, without a move"] == 0
    assert values["answers right, after the chosen move"] > values["answers right, after a move by chance"]
    assert values["answers right, from any side"] >= values["answers right, after the chosen move"]
    assert values["answers gained by the chosen move"] == values["answers right, after the chosen move"]
    low, high = figures["answers right, after a move by chance"]["interval"]
    assert low < values["answers right, after a move by chance"] < high


def test_angles_are_the_place_itself_and_those_of_the_policy() -> None:
    assert ANGLES[0] == 0.0
    assert sorted(map(abs, ANGLES[1:])) == pytest.approx(sorted([*AROUND, *AROUND]))
