"""Gain and delay of a temporal network of emotions, on simulated faces that it was not trained with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from rich.table import Table

from opendr_perception.networks.emotion.temporal import AffectNetwork
from opendr_perception.tasks.emotion import EXPRESSIONS, affect_of
from opendr_perception.tasks.emotion import evidence as affect
from opendr_perception.training.emotion.temporal.noise import ExpressionNoise
from opendr_perception.training.emotion.temporal.simulate import SimulatedTrack, simulate

SEED = 88_000_000
"""Of the faces in the evaluation; the training never uses it."""

Answer = tuple[np.ndarray, np.ndarray]
"""Probabilities (T, 7), valence and arousal (T, 2)."""


def evaluate(
    network: AffectNetwork, noise: ExpressionNoise, trials: int, length: int = 300
) -> dict[str, dict[str, float]]:
    """Compare single frames with the network.

    Args:
        network: In evaluation mode.
        noise: Of the network for single frames.
        trials: Number of faces.
        length: Frames of each.

    Returns:
        For each of both: the share of right labels; label changes per minute; how much valence and arousal move per
        second; their errors.
    """

    def temporal(scene: SimulatedTrack) -> Answer:
        intervals = np.diff(scene.stamps, prepend=scene.stamps[0] - affect.NOMINAL)
        seen = torch.from_numpy(affect.evidence(scene.seen, intervals).T[None])
        with torch.no_grad():
            answer = network(seen)[0].T.numpy()
        return np.exp(answer[:, :-2]), answer[:, -2:]

    scenes = [simulate(np.random.default_rng((SEED, k)), noise, length) for k in range(trials)]
    methods: Mapping[str, Callable[[SimulatedTrack], Answer]] = {
        "single frames": lambda scene: (scene.seen, scene.seen @ affect_of(EXPRESSIONS)),
        "temporal": temporal,
    }
    return {name: _figures(scenes, [method(scene) for scene in scenes]) for name, method in methods.items()}


def _figures(scenes: list[SimulatedTrack], answers: list[Answer]) -> dict[str, float]:
    minutes = sum(scene.stamps[-1] - scene.stamps[0] for scene in scenes) / 60
    right = [p.argmax(1) == scene.now.argmax(1) for scene, (p, _) in zip(scenes, answers, strict=True)]
    errors = [values - scene.now @ affect_of(EXPRESSIONS) for scene, (_, values) in zip(scenes, answers, strict=True)]
    figures = {
        "right labels": np.concatenate(right).mean(),
        "label changes per minute": sum(changes(p) for p, _ in answers) / minutes,
        "true changes per minute": sum(changes(scene.now) for scene in scenes) / minutes,
        "motion of valence and arousal per second": sum(motion(v) for _, v in answers) / minutes / 60,
        "error of valence and arousal": np.sqrt(np.square(np.concatenate(errors)).mean()),
    }
    return {name: round(float(value), 3) for name, value in figures.items()}


def changes(probabilities: np.ndarray) -> int:
    """Rate at which the most probable label of (T, labels) changes."""
    return int((np.diff(probabilities.argmax(1)) != 0).sum())


def motion(values: np.ndarray) -> float:
    """Total variation of valence and arousal (T, 2), both together."""
    return float(np.abs(np.diff(values, axis=0)).sum())


def table(figures: Mapping[str, Any]) -> Table:
    """The figures, to print."""
    rows = Table("", *figures, title="simulated faces, not used in the training")
    for name in next(iter(figures.values())):
        rows.add_row(name, *(str(values[name]) for values in figures.values()))
    return rows
