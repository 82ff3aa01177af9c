"""Train the temporal network of emotions: `python -m opendr_perception.training.emotion.temporal.train`.

NAC-TCN learns to say from noisy expressions of single frames what a simulated face shows (`affect_simulation.py`). All
is drawn from the seed, batch by batch, so that a run that was interrupted goes on with `--resume` as if nothing had
happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor
from torch.nn import functional as F

from opendr_perception.networks.emotion.temporal import AffectNetwork
from opendr_perception.tasks.emotion import EXPRESSIONS
from opendr_perception.tasks.emotion import evidence as affect
from opendr_perception.training.common.checkpoint import Resumable
from opendr_perception.training.common.command import Resume, Seed, Steps, Threads, run_command
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.weights import save, versions
from opendr_perception.training.emotion.losses import concordance_loss
from opendr_perception.training.emotion.temporal.evaluate import evaluate, table
from opendr_perception.training.emotion.temporal.export import export_affect
from opendr_perception.training.emotion.temporal.noise import ExpressionNoise, read_noise
from opendr_perception.training.emotion.temporal.simulate import DELAY, SimulatedTrack, simulate

NEAR = 8
"""Frames around a change in which answers may move as they like: the change may be seen earlier or later."""

STILL = 1e-4
"""Motion of probabilities from frame to frame, below which nothing changes."""

SHOWN = 100
"""Steps between two lines of progress, and two checkpoints."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training."""

    steps: int = 1200
    batch: int = 16
    frames: int = 160
    width: int = 32
    rate: float = 3e-3
    calmness: float = 2.0  # weight of what answers move without a reason
    haste: float = 3.0  # how many times frames around a change count
    seed: int = 1


def batch_of(scenes: list[SimulatedTrack]) -> tuple[Tensor, Tensor, Tensor]:
    """Evidence (B, 8, T), shown expressions (B, 7, T), and their valence and arousal (B, 2, T)."""
    seen = np.stack([evidence_of(scene) for scene in scenes])
    shown = np.stack([scene.shown for scene in scenes])
    affects = np.stack([scene.affect for scene in scenes])
    evidence, expressions, values = (
        torch.from_numpy(array.swapaxes(1, 2).astype(np.float32)) for array in (seen, shown, affects)
    )
    return evidence, expressions, values


def evidence_of(scene: SimulatedTrack) -> np.ndarray:
    """Input (T, 8) of the network from a scene."""
    return affect.evidence(scene.seen, np.diff(scene.stamps, prepend=scene.stamps[0] - affect.NOMINAL))


def loss_of(answer: Tensor, shown: Tensor, values: Tensor, calmness: float, haste: float) -> Tensor:
    """Divergence of the expressions, concordance of valence and arousal, and what both move where nothing changes.

    Args:
        answer: (B, 9, T) log-probabilities, valence and arousal.
        shown: (B, 7, T) true mixtures of expressions.
        values: (B, 2, T) true valence and arousal.
        calmness: Weight of motion where nothing changes.
        haste: How many times frames around a change count.
    """
    log_probabilities, guess = answer[:, :-2], answer[:, -2:]
    divergence = (shown * (shown.clamp(min=1e-6).log() - log_probabilities)).sum(1)
    at_rest = _around(_motion(shown)) < STILL
    weights = torch.where(F.pad(at_rest, (1, 0), value=True), 1.0, haste)
    restless = (_motion(log_probabilities.exp()) + _motion(guess))[at_rest].mean()
    disagreement = concordance_loss(_frames(guess), _frames(values))
    return (weights * divergence).sum() / weights.sum() + disagreement + calmness * restless


def _frames(values: Tensor) -> Tensor:
    """All frames of (B, c, T), as (B T, c)."""
    return values.transpose(1, 2).flatten(0, 1)


def _motion(values: Tensor) -> Tensor:
    return values.diff(dim=2).abs().sum(1)


def _around(motion: Tensor) -> Tensor:
    """The largest motion in the NEAR frames before and after each."""
    return F.max_pool1d(motion, 2 * NEAR + 1, stride=1, padding=NEAR)


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: What to do.
        noise: Of the network for single frames.
        checkpoint: File of the checkpoint.
    """

    network: AffectNetwork

    def __init__(self, settings: Settings, noise: ExpressionNoise, checkpoint: Path) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.noise, self.checkpoint = settings, noise, checkpoint
        self.network = AffectNetwork(len(EXPRESSIONS), settings.width)
        self.begin(settings.rate, settings.steps, decay=0.01, warm_up=0.15)

    def run(self) -> Iterator[tuple[int, float]]:
        """Train to the end; gives after each step its number and loss."""
        self.network.train()
        while self.step < self.settings.steps:
            seeds = ((self.settings.seed, self.step, k) for k in range(self.settings.batch))
            scenes = [simulate(np.random.default_rng(seed), self.noise, self.settings.frames) for seed in seeds]
            evidence, shown, values = batch_of(scenes)
            loss = loss_of(self.network(evidence), shown, values, self.settings.calmness, self.settings.haste)
            self.descend(loss, clip=1.0)
            yield self.step, loss.item()


def main(
    steps: Steps = Settings.steps,
    seed: Seed = Settings.seed,
    output: Annotated[Path, typer.Option(help="Directory of checkpoint, weights and model.")] = Path("build/affect"),
    resume: Resume = False,
    threads: Threads = 1,
    trials: Annotated[int, typer.Option(help="Faces in the evaluation.")] = 200,
) -> None:
    """Train, evaluate, and write `emotion-nactcn.npz`, its card and the model for the node."""
    torch.set_num_threads(threads)
    settings, console = Settings(steps=steps, seed=seed), Console()
    trainer = Trainer(settings, read_noise(), output / "checkpoint.pt")
    if resume:
        trainer.go_on(console)
    train(trainer, console, SHOWN)
    network = trainer.network.eval()
    figures = evaluate(network, trainer.noise, trials)
    console.print(table(figures))
    save(network, output / "emotion-nactcn.npz", _card(settings, trainer.noise, network, figures))
    export_affect(network, output / "emotion-nactcn.onnx", EXPRESSIONS)
    console.print(f"wrote emotion-nactcn.npz, .yaml and .onnx in {output}")


def _card(
    settings: Settings, noise: ExpressionNoise, network: AffectNetwork, figures: Mapping[str, object]
) -> dict[str, object]:
    return {
        "network": "NAC-TCN, variant A",
        "labels": list(EXPRESSIONS),
        "width": settings.width,
        "receptive_field": network.receptive_field,
        "delay": round(DELAY, 4),
        "evidence_version": affect.VERSION,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "command": f"python -m opendr_perception.training.emotion.temporal.train --steps {settings.steps}"
        f" --seed {settings.seed}",
        **versions(),
        "noise": asdict(noise),
        "simulation": dict(figures),
    }


if __name__ == "__main__":
    run_command(main)
