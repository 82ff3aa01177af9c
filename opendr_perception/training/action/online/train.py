"""Train a network for online detection of actions: `python -m opendr_perception.training.action.online.train`.

It learns from features that `data` has kept, all networks in the same way: frame by frame, causally. The transformer of
two blocks encodes a whole window for each answer, so that it learns from the newest frame of windows instead.
All is drawn from the seed, so that a run that was interrupted goes on with `--resume` as if nothing had happened.
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
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.action.co_oad_tr import CoOadTr
from opendr_perception.networks.action.online import HEADS, WINDOW, head
from opendr_perception.training.action.online.data import Streams, kept
from opendr_perception.training.body.motion import ACTIONS, UNLABELLED
from opendr_perception.training.common.checkpoint import Resumable
from opendr_perception.training.common.command import Resume, Seed, Steps, Threads, run_command
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.weights import save, versions

SHOWN = 50
"""Steps between two lines of progress, and two checkpoints."""
SHARE = 0.75
"""Of a stream, in a piece of it that is learnt from."""
WINDOWS = 8
"""Windows that stand for one stream in a batch of a network that learns from windows."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training."""

    network: str = "co-oadtr-b1"
    steps: int = 400
    batch: int = 24
    window: int = WINDOW
    rate: float = 2e-3
    seed: int = 1
    rarity: float = 0.5  # rare actions count more, by this power of their rarity


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: What to do.
        streams: What to learn from.
        checkpoint: File of the checkpoint.
    """

    network: nn.Module

    def __init__(self, settings: Settings, streams: Streams, checkpoint: Path) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.streams, self.checkpoint = settings, streams, checkpoint
        self.network = head(settings.network, streams.features.shape[1], len(ACTIONS), settings.window)
        self.windowed = isinstance(self.network, CoOadTr) and len(self.network.encoder.layers) > 1
        self.begin(settings.rate, settings.steps, decay=0.02, warm_up=0.15)
        self.weights = class_weights(streams, settings.rarity)

    def run(self) -> Iterator[tuple[int, float, float]]:
        """Train to the end; gives after each step its number, loss and accuracy."""
        self.network.train()
        while self.step < self.settings.steps:
            torch.manual_seed(self.settings.seed * 1_000_003 + self.step)  # of what is dropped out
            rng = np.random.default_rng((self.settings.seed, self.step))
            logits, target = self._windows(rng) if self.windowed else self._streams(rng)
            loss = F.cross_entropy(logits, target, self.weights, ignore_index=UNLABELLED, label_smoothing=0.03)
            self.descend(loss, clip=5.0)
            judged = target != UNLABELLED
            right = (logits.argmax(1) - target)[judged] % len(ACTIONS) == 0  # whether or not it has just begun
            yield self.step, loss.item(), right.float().mean().item()

    def _streams(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        features, target = self._drawn(rng, self.settings.batch)
        target[:, : self.streams.unjudged] = UNLABELLED
        logits: Tensor = self.network(features)
        return logits, target

    def _windows(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        assert isinstance(self.network, CoOadTr)
        features, target = self._drawn(rng, self.settings.batch)
        length = self.settings.window + self.network.before
        begins = torch.from_numpy(rng.integers(0, features.shape[2] - length + 1, WINDOWS * len(features)))
        rows = torch.arange(len(features)).repeat(WINDOWS)
        places = begins[:, None] + torch.arange(length)
        windows = features[rows[:, None], :, places].transpose(1, 2)
        offset = int(rng.integers(self.network.positions.period))
        return self.network.forward_window(windows, offset), target[rows, places[:, -1]]

    def _drawn(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Pieces of streams, with their begins where people come into view or in the midst of them."""
        rows = rng.integers(len(self.streams), size=count)
        whole = self.streams.features.shape[2]
        length = round(SHARE * whole)
        begin = int(rng.integers(whole - length + 1))
        piece = slice(begin, begin + length)
        features = torch.from_numpy(self.streams.features[rows][:, :, piece].astype(np.float32))
        labels = self.streams.labels[rows][:, piece].astype(np.int64)
        joint = labels + len(ACTIONS) * self.streams.begun[rows][:, piece]
        return features, torch.from_numpy(np.where(labels == UNLABELLED, UNLABELLED, joint))


def class_weights(streams: Streams, rarity: float) -> Tensor:
    """Weight of each action, going on and just begun alike, (2 K,)."""
    labels = streams.labels[streams.labels != UNLABELLED]
    counts = np.bincount(labels, minlength=len(ACTIONS)).clip(1)
    weights = (counts.sum() / counts) ** rarity
    return torch.from_numpy(np.tile(weights / weights.mean(), 2).astype(np.float32))


def card_of(settings: Settings, network: nn.Module, features: int) -> dict[str, object]:
    """Card of a file of weights."""
    return {
        "network": settings.network,
        "labels": list(ACTIONS),
        "features": features,
        "window": settings.window,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "command": f"python -m opendr_perception.training.action.online.train --network {settings.network} "
        f"--steps {settings.steps} --seed {settings.seed} --batch {settings.batch} --rate {settings.rate} "
        f"--window {settings.window}",
        **versions(),
    }


def main(
    network: Annotated[str, typer.Option(help=f"One of {', '.join(HEADS)}.")] = Settings.network,
    steps: Steps = Settings.steps,
    seed: Seed = Settings.seed,
    batch: Annotated[int, typer.Option(help="Streams per batch.")] = Settings.batch,
    rate: Annotated[float, typer.Option(help="Of learning, at most.")] = Settings.rate,
    window: Annotated[int, typer.Option(help="Frames that a network looks at.")] = Settings.window,
    folder: Annotated[Path, typer.Option(help="Of the features; checkpoints and weights go there too.")] = Path(
        "build/actions/online"
    ),
    resume: Resume = False,
    threads: Threads = 1,
) -> None:
    """Train, and write `<network>-<seed>.npz` with its card."""
    torch.set_num_threads(threads)
    console = Console()
    settings = Settings(network, steps, batch, rate=rate, seed=seed, window=window)
    trainer = Trainer(settings, kept(folder / "train.npz"), folder / f"checkpoint-{network}-{seed}.pt")
    if resume:
        trainer.go_on(console)
    train(trainer, console, SHOWN)
    path = folder / f"{network}-{seed}.npz"
    save(trainer.network.eval(), path, card_of(settings, trainer.network, trainer.streams.features.shape[1]))
    console.print(f"wrote {path}")


if __name__ == "__main__":
    run_command(main)
