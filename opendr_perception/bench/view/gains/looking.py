"""Answers from several sides: how weights are fitted to them, and what a move by these weights is worth."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opendr_perception.active.policies import AROUND, ExpectedGain, Lacking
from opendr_perception.files import write_text

ANGLES = (0.0, *AROUND, *(-angle for angle in AROUND))
"""rad, from the first view to the robot's own right: that one itself, seen again without a move, and six others."""
RIDGE = 0.01


@dataclass(frozen=True)
class SideAnswer:
    """Answer from one side: its calibrated confidence, and whether it is right."""

    confidence: float
    right: bool


@dataclass(frozen=True)
class SeenScene:
    """One scene: what is missing in the first view, what is told there, and from each of ANGLES."""

    missing: Lacking
    distance: float
    first: SideAnswer
    sides: tuple[SideAnswer, ...]


def fit(scenes: Sequence[SeenScene]) -> np.ndarray:
    """Weights (options, numbers), by ridge regression of what confidence was gained; each scene counts mirrored too."""
    weights = []
    for option in range(len(AROUND)):
        rows, gains = [], []
        for scene in scenes:
            for row, side in zip(scene.missing.numbers(), (0, len(AROUND)), strict=True):
                rows.append(row)
                gains.append(scene.sides[1 + option + side].confidence - scene.first.confidence)
        a = np.array(rows)
        penalty = np.diag([*np.ones(a.shape[1] - 1), 0.0])
        weights.append(np.linalg.solve(a.T @ a + RIDGE * len(a) * penalty, a.T @ np.array(gains)))
    return np.array(weights)


def measure(scenes: Sequence[SeenScene], policy: ExpectedGain, what: str) -> dict[str, object]:
    """Shares that are right before a move, without one but later, after the chosen one, by chance, and the best."""
    random, rows = np.random.default_rng(1), []
    for scene in scenes:
        decision = policy(scene.missing, scene.distance)
        chosen = 0 if decision.move is None else ANGLES.index(decision.move.pan)
        by_chance = int(random.integers(1, len(ANGLES)))
        right = [side.right for side in scene.sides]
        rows.append([scene.first.right, right[0], right[chosen], right[by_chance], any(right[1:]), chosen > 0])
    table = np.array(rows, float)
    names = ("before", "later, without a move", "after the chosen move", "after a move by chance", "from any side")
    figures = [figure(f"{what} right, {name}", table[:, k]) for k, name in enumerate(names)]
    unsure = table[table[:, 0] == 0]
    gained = table[:, 2] - table[:, 0]
    return {
        "scenes": len(rows),
        "figures": [
            *figures,
            figure(f"{what} gained by the chosen move", gained),
            figure(f"{what} right after the chosen move, of those that were wrong before", unsure[:, 2]),
            figure(f"scenes in which a move was worth its way, {what}", table[:, 5]),
        ],
    }


def write(path: Path, result: dict[str, object]) -> None:
    """Write figures as the documentation reads them."""
    write_text(path, json.dumps(result, indent=1) + "\n")


def figure(name: str, values: np.ndarray) -> dict[str, object]:
    """Mean over scenes in percent, with its 95 % interval, as `tools/document_figures.py` reads it."""
    mean, half = 100 * float(values.mean()), 196 * float(values.std(ddof=1)) / math.sqrt(len(values))
    return {
        "name": name,
        "value": round(mean, 1),
        "interval": [round(mean - half, 1), round(mean + half, 1)],
        "unit": "%",
    }
