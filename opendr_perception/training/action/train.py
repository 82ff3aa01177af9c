"""Train the action network: `python -m opendr_perception.training.action.train --data open`.

It learns from simulated people who do what they are told (`sequences.py`), and from recordings of real ones
(`real_motion.py`). All is drawn from the seed, so that a run that was interrupted goes on with `--resume` as if nothing
had happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor
from torch.nn import functional as F

from opendr_perception.networks.action.tcn import ActionTcn
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action.pool import OPEN_ONLY, RESEARCH, SETS, Drawn, Pool, disturb
from opendr_perception.training.action.weights import load
from opendr_perception.training.body.motion import ACTIONS, UNLABELLED
from opendr_perception.training.common.checkpoint import Resumable
from opendr_perception.training.common.command import Resume, Seed, Steps, Threads, run_command
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.weights import save, versions

SOURCES = {"open": OPEN_ONLY, "research": RESEARCH}
"""Data that weights may be made from, by the terms under which they may then be used."""

SHOWN = 25
"""Steps between two lines of progress, and two checkpoints."""

UNJUDGED = 4
"""First frames of a track, in which nobody could tell."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training."""

    data: str = "open"
    steps: int = 2000
    batch: int = 32
    width: int = 96
    rate: float = 3e-3
    seed: int = 1
    rarity: float = 0.7  # rare actions count more, by this power of their rarity
    begun_with: str = ""
    disturbed: bool = False  # whether poses are led astray for moments, as where people pass each other


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: What to do.
        examples: What to learn from.
        checkpoint: File of the checkpoint.
        begun: A network to begin with.
    """

    network: ActionTcn

    def __init__(self, settings: Settings, examples: Drawn, checkpoint: Path, begun: ActionTcn | None = None) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.examples, self.checkpoint = settings, examples, checkpoint
        self.network = ActionTcn(len(ACTIONS), settings.width) if begun is None else begun
        self.begin(settings.rate, settings.steps, decay=0.02, warm_up=0.15)

    def run(self) -> Iterator[tuple[int, float, float]]:
        """Train to the end; gives after each step its number, loss and accuracy."""
        weights = self._class_weights()
        self.network.train()
        while self.step < self.settings.steps:
            frames, labels = self._batch(self.step, self.settings.batch)
            with torch.autocast("cpu", torch.bfloat16):
                logits = self.network(frames.unsqueeze(-1)).float()
            loss = F.cross_entropy(logits, labels, weights, ignore_index=UNLABELLED, label_smoothing=0.03)
            self.descend(loss, clip=5.0)
            judged = labels != UNLABELLED
            accuracy = (logits.argmax(1) == labels)[judged].float().mean()
            yield self.step, loss.item(), accuracy.item()

    def _batch(self, step: int, size: int) -> tuple[Tensor, Tensor]:
        frames, labels = self.examples.batch(step, size)
        labels[:, :UNJUDGED] = UNLABELLED
        if self.settings.disturbed:
            frames = disturb(np.random.default_rng((self.settings.seed, step)), frames)
        return torch.from_numpy(frames), torch.from_numpy(labels)

    def _class_weights(self) -> Tensor:
        """Weight of each action. Nothing takes this back: a robot may meet any action anywhere."""
        labels = torch.cat([self._batch(step, 64)[1].flatten() for step in range(8)])
        counts = torch.bincount(labels[labels != UNLABELLED], minlength=len(ACTIONS)).clamp(min=1)
        weights = (counts.sum() / counts) ** self.settings.rarity
        return weights / weights.mean()


def main(
    data: Annotated[str, typer.Option(help="What to learn from: open, or research too.")] = Settings.data,
    steps: Steps = Settings.steps,
    seed: Seed = Settings.seed,
    width: Annotated[int, typer.Option(help="Channels.")] = Settings.width,
    batch: Annotated[int, typer.Option(help="Examples per batch.")] = Settings.batch,
    rate: Annotated[float, typer.Option(help="Of learning, at most.")] = Settings.rate,
    rarity: Annotated[float, typer.Option(help="How much more rare actions count.")] = Settings.rarity,
    begin_with: Annotated[Path | None, typer.Option(help="Weights to begin with, an .npz.")] = None,
    disturbed: Annotated[bool, typer.Option(help="Lead poses astray for moments.")] = Settings.disturbed,
    sets: Annotated[Path, typer.Option(envvar="OPENDR_DATA", help=SETS)] = Path("../shared/data"),
    pool: Annotated[Path, typer.Option(help="Folder of the examples, which are made where missing.")] = Path(
        "build/actions/pool"
    ),
    output: Annotated[Path, typer.Option(help="Directory of checkpoint and weights.")] = Path("build/actions"),
    resume: Resume = False,
    threads: Threads = 1,
) -> None:
    """Train, and write `action-<data>.npz` with its card."""
    if data not in SOURCES:
        raise typer.BadParameter(f"there is no '{data}': choose {' or '.join(SOURCES)}")
    torch.set_num_threads(threads)
    settings = Settings(data, steps, batch, width, rate, seed, rarity, str(begin_with or ""), disturbed)
    console = Console()
    trainer = Trainer(
        settings,
        Drawn(Pool(pool, sets / "skeletons"), SOURCES[data], seed, 0 if begin_with else steps),
        output / f"checkpoint-{data}-{seed}.pt",
        load(begin_with)[0] if begin_with else None,
    )
    if resume:
        trainer.go_on(console)
    train(trainer, console, SHOWN)
    path = output / f"action-{data}.npz"
    save(trainer.network.eval(), path, _card(settings, trainer.network))
    console.print(f"wrote {path}")


def _card(settings: Settings, network: ActionTcn) -> dict[str, object]:
    begun = f" --begin-with {settings.begun_with}" if settings.begun_with else ""
    return {
        "network": "continual temporal convolutions over skeletons (networks/action/tcn.py)",
        "terms": settings.data,
        "sources": list(SOURCES[settings.data]),
        "skeleton": "coco17",
        "labels": list(ACTIONS),
        "width": settings.width,
        "rate": skeleton.RATE,
        "receptive_field": network.receptive_field,
        "frames_version": skeleton.VERSION,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "command": f"python -m opendr_perception.training.action.train --data {settings.data} --steps {settings.steps} "
        f"--seed {settings.seed} --width {settings.width} --batch {settings.batch} --rate {settings.rate} "
        f"--rarity {settings.rarity}{begun}"
        f"{' --disturbed' if settings.disturbed else ''}",
        **versions(),
    }


if __name__ == "__main__":
    run_command(main)
