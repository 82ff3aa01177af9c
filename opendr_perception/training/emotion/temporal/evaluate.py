"""Gain and delay of a temporal network of emotions, on simulated faces that it was not trained with.

`python -m opendr_perception.training.emotion.temporal.evaluate WEIGHTS --plots FILE.svg`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table

from opendr_perception.evaluate.measures import calibration_error
from opendr_perception.evaluate.plots import draw
from opendr_perception.evaluate.report import Report
from opendr_perception.networks.emotion.temporal import AffectNetwork
from opendr_perception.tasks.emotion import EXPRESSIONS, affect_of
from opendr_perception.tasks.emotion import evidence as affect
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.weights import fill, read
from opendr_perception.training.emotion.temporal.noise import ExpressionNoise, read_noise
from opendr_perception.training.emotion.temporal.simulate import SimulatedTrack, simulate

SEED = 88_000_000
"""Of the faces in the evaluation; the training never uses it."""

Answer = tuple[np.ndarray, np.ndarray]
"""Probabilities (T, 7), valence and arousal (T, 2)."""


def watch(
    network: AffectNetwork, noise: ExpressionNoise, trials: int, length: int = 300
) -> tuple[list[SimulatedTrack], dict[str, list[Answer]]]:
    """Show simulated faces to the network, in evaluation mode: the faces, and the answers by single frames and by it.

    Args:
        network: In evaluation mode.
        noise: Of the network for single frames.
        trials: Number of faces.
        length: Frames of each.
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
    return scenes, {name: [method(scene) for scene in scenes] for name, method in methods.items()}


def evaluate(
    network: AffectNetwork, noise: ExpressionNoise, trials: int, length: int = 300
) -> dict[str, dict[str, float]]:
    """Compare single frames with the network, see `watch`.

    Returns:
        For each of both: the share of right labels; label changes per minute; how much valence and arousal move per
        second; their errors; and how far scores are from the share of right labels.
    """
    scenes, methods = watch(network, noise, trials, length)
    return {name: _figures(scenes, answers) for name, answers in methods.items()}


def scores(network: AffectNetwork, noise: ExpressionNoise, trials: int, length: int = 300) -> Report:
    """The network's scores and what it calls each expression, to draw; see `watch`."""
    scenes, methods = watch(network, noise, trials, length)
    probabilities = np.concatenate([p for p, _ in methods["temporal"]])
    truth = np.concatenate([scene.now for scene in scenes]).argmax(1)
    report = Report(f"emotions over time: {trials} simulated faces")
    report.answers = probabilities.max(1).astype(np.float64), probabilities.argmax(1) == truth
    report.confused([EXPRESSIONS[label] for label in truth], probabilities.argmax(1), EXPRESSIONS)
    return report


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
        "expected calibration error": calibration_error(
            np.concatenate([p.max(1) for p, _ in answers]), np.concatenate(right)
        ),
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


def main(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training; its card lies beside it.")],
    trials: Annotated[int, typer.Option(help="Simulated faces.")] = 200,
    plots: Annotated[Path | None, typer.Option(help="File to draw scores and confusion to: .svg or .png.")] = None,
) -> None:
    """Measure a network on simulated faces."""
    torch.set_num_threads(1)
    state, card = read(weights)
    network = AffectNetwork(len(card["labels"]), card["width"])
    fill(network, state, weights)
    Console().print(table(evaluate(network, read_noise(), trials)))
    if plots is not None:
        draw(scores(network, read_noise(), trials), plots)


if __name__ == "__main__":
    run_command(main)
