"""Train the action network: `python -m opendr_perception.training.action.train`.

Simulated people do what they are told before simulated cameras (`sequences.py`); the network learns to say from their
keypoints what they are doing. All is drawn from the seed, example by example, so that a run that was interrupted goes
on with `--resume` as if nothing had happened.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor
from torch.nn import functional as F

from opendr_perception.networks.action.live import FIELD, ActionNetwork
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action.data import Clip, load_clips
from opendr_perception.training.action.evaluate import by_network, evaluate, table
from opendr_perception.training.action.simulate import LabelledFrames, batch_of, training_sequence
from opendr_perception.training.body.motion import ACTIONS, UNLABELLED, Motion
from opendr_perception.training.common.checkpoint import Resumable
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.weights import save
from opendr_perception.zoo.cache import default_cache

Batch = tuple[Tensor, Tensor]

SHOWN = 25
"""Steps between two lines of progress, and two checkpoints."""

UNJUDGED = 5
"""First frames of a track, in which nobody could tell."""

REMEMBERED = 6000
"""Examples from which those of a batch that are not new are drawn; as many fit into 0.3 GB."""


@dataclass(frozen=True)
class Settings:
    """What decides the outcome of a training."""

    steps: int = 3500
    batch: int = 8
    width: int = 16
    frames: int = 128
    rate: float = 3e-3
    new: float = 0.5  # share of new examples in a batch
    seed: int = 1


class Examples:
    """The batches of a training; the k-th is the same whenever it is asked for."""

    def __init__(self, settings: Settings, clips: dict[Clip, Motion]) -> None:
        self._settings = settings
        self._clips = clips
        self._example = lru_cache(maxsize=REMEMBERED)(self._make)

    def _make(self, index: int) -> LabelledFrames:
        seconds = (self._settings.frames + 8) / skeleton.RATE
        return training_sequence((self._settings.seed, index), self._clips, seconds)

    def batch(self, step: int) -> Batch:
        """Frames (B, 5, T, 17) and labels (B, T) of a step."""
        rng = np.random.default_rng((self._settings.seed, 1, step))
        size, fresh = self._settings.batch, max(1, round(self._settings.batch * self._settings.new))
        seen = step * fresh
        indices = [*range(seen, seen + fresh)]
        oldest = max(0, seen + fresh - REMEMBERED)
        indices += rng.integers(oldest, seen + fresh, size - fresh).tolist()
        frames, labels = batch_of([self._example(index) for index in indices], self._settings.frames)
        labels[:, :UNJUDGED] = UNLABELLED
        return torch.from_numpy(frames), torch.from_numpy(labels)


def predict(network: torch.nn.Module, frames: Tensor) -> Tensor:
    """Logits (B, classes, T) for the frames (B, 5, T, 17) of people who have just come into view."""
    return network(F.pad(frames, (0, 0, FIELD - 1, 0)).unsqueeze(-1))


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: What to do.
        examples: What to learn from.
        checkpoint: File of the checkpoint.
    """

    network: ActionNetwork

    def __init__(self, settings: Settings, examples: Examples, checkpoint: Path) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.examples, self.checkpoint = settings, examples, checkpoint
        self.network = ActionNetwork(len(ACTIONS), settings.width)
        self.network.start_training()
        self.optimizer = torch.optim.AdamW(self.network.parameters(), settings.rate, weight_decay=0.02)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, settings.rate, total_steps=settings.steps + 1, pct_start=0.15
        )
        self.step = 0

    def run(self) -> Iterator[tuple[int, float, float]]:
        """Train to the end; gives after each step its number, loss and accuracy."""
        weights = self._class_weights()
        self.network.train()
        while self.step < self.settings.steps:
            frames, labels = self.examples.batch(self.step)
            logits = predict(self.network, frames)
            loss = F.cross_entropy(logits, labels, weights, ignore_index=UNLABELLED, label_smoothing=0.05)
            self.descend(loss, clip=5.0)
            judged = labels != UNLABELLED
            accuracy = (logits.argmax(1) == labels)[judged].float().mean()
            yield self.step, loss.item(), accuracy.item()

    def take_back_weights(self) -> torch.nn.Module:
        """End the training: give the network that answers by how frequent actions are, as if none had counted more.

        Rare actions count more so that they are learnt at all. Bayes' rule takes that back without another training.
        """
        with torch.no_grad():
            self.network.fc.bias.sub_(self._class_weights().log())
        return self.network.eval()

    def _class_weights(self) -> Tensor:
        """Rare actions count more, by the root of their rarity."""
        labels = torch.cat([self.examples.batch(step)[1].flatten() for step in range(8)])
        counts = torch.bincount(labels[labels != UNLABELLED], minlength=len(ACTIONS)).clamp(min=1)
        weights = (counts.sum() / counts).sqrt()
        return weights / weights.mean()


def main(
    steps: Annotated[int, typer.Option(help="Batches to learn from.")] = Settings.steps,
    seed: Annotated[int, typer.Option(help="Of everything that is random.")] = Settings.seed,
    width: Annotated[int, typer.Option(help="Channels of the first blocks.")] = Settings.width,
    batch: Annotated[int, typer.Option(help="Examples per batch.")] = Settings.batch,
    output: Annotated[Path, typer.Option(help="Directory of checkpoint and weights.")] = Path("build/actions"),
    resume: Annotated[bool, typer.Option(help="Go on where the last run ended.")] = False,
    threads: Annotated[int, typer.Option(help="Of torch.")] = 1,
    trials: Annotated[int, typer.Option(help="Sequences of each kind in the evaluation.")] = 300,
) -> None:
    """Train, evaluate, and write `action-costgcn.npz` with its card."""
    torch.set_num_threads(threads)
    settings = Settings(steps=steps, seed=seed, width=width, batch=batch)
    console = Console()
    clips = load_clips(default_cache())
    trainer = Trainer(
        settings, Examples(settings, {c: m for c, m in clips.items() if not c.held_out}), output / "checkpoint.pt"
    )
    if resume and trainer.checkpoint.exists():
        trainer.resume()
        console.print(f"going on after step {trainer.step}")
    train(trainer, console, SHOWN)
    network = trainer.take_back_weights()
    result = evaluate(by_network(network), clips, trials, settings.frames)
    console.print(table(result))
    save(network, output / "action-costgcn.npz", _card(settings, network, result))
    console.print(f"wrote {output / 'action-costgcn.npz'}")


def _card(settings: Settings, network: torch.nn.Module, result: dict[str, Any]) -> dict[str, Any]:
    return {
        "network": "CoST-GCN*, shortcuts aligned with the newest frame",
        "skeleton": "coco17",
        "labels": list(ACTIONS),
        "width": settings.width,
        "rate": skeleton.RATE,
        "receptive_field": FIELD,
        "frames_version": skeleton.VERSION,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "command": f"python -m opendr_perception.training.action.train --steps {settings.steps} --seed {settings.seed} "
        f"--width {settings.width} --batch {settings.batch}",
        "python": ".".join(map(str, sys.version_info[:3])),
        "torch": str(torch.__version__),
        "accuracy": result,
    }


if __name__ == "__main__":
    typer.run(main)
