"""Train a causal CoX3D: `python -m opendr_perception.training.activity.train FILMS`.

It learns from rendered films (`data.py`), or, with `--clips`, from a folder of labelled clips (`recordings.py`). Each
frame is judged, by each horizon, as it is on a stream. The first part of the time it sees small images, which cost
less: a network of convolutions does not mind.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor
from torch.nn import functional as F

from opendr_perception.networks.activity.x3d import CoX3D, Size
from opendr_perception.training.activity.data import Films, read_films
from opendr_perception.training.activity.recordings import SETS, read_clips
from opendr_perception.training.activity.weights import NetworkShape, build, load, normalised
from opendr_perception.training.body.motion import ACTIONS, UNLABELLED
from opendr_perception.training.common.weights import save

SMALL_SHARE, SMALL = 0.6, 2 / 3
"""Share of the time in which images are so much smaller."""
UNJUDGED = 2
"""First frames of a film, in which nobody could tell."""
SHOWN = 20.0
"""Seconds between two lines of progress."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training, with the speed of the machine."""

    minutes: float = 30.0
    batch: int = 8
    frames: int = 16
    rate: float = 3e-3
    seed: int = 1
    rarity: float = 0.5  # rare activities count more, by this power of their rarity


class Trainer:
    """A training.

    Args:
        settings: What to do.
        films: What to learn from.
        network: What learns.
        classes: Number of activities.
        device: Where.
    """

    def __init__(self, settings: Settings, films: Films, network: CoX3D, classes: int, device: str) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.films, self.device = settings, films, torch.device(device)
        self.rng = np.random.default_rng(settings.seed)
        self.network = network.to(self.device).train()
        groups = [
            {"params": [p for p in network.parameters() if p.ndim > 1], "weight_decay": 0.03},
            {"params": [p for p in network.parameters() if p.ndim < 2], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, settings.rate)
        counts = np.bincount(films.labels[films.labels != UNLABELLED], minlength=classes).clip(1)
        weights = torch.tensor((counts.sum() / counts) ** settings.rarity, dtype=torch.float32)
        self.weights = (weights / weights.mean()).to(self.device)

    def run(self) -> Iterator[tuple[float, float, float]]:
        """Train until the time is over; gives after each step the share of it that is spent, loss and accuracy."""
        begun, total = time.monotonic(), 60 * self.settings.minutes
        while (share := (time.monotonic() - begun) / total) < 1.0:
            for group in self.optimizer.param_groups:
                group["lr"] = self.settings.rate * min(1.0, share / 0.06, (1.0 - share) / 0.7)
            clips, labels = self._batch(share < SMALL_SHARE)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type != "cpu"):
                logits = self.network(clips)
            loss, accuracy = self._judge(logits.float(), labels)
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            self.optimizer.step()
            yield share, loss.item(), accuracy

    def _judge(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, float]:
        """Loss over the horizons that a film fills, and the accuracy of the second one."""
        losses = [
            F.cross_entropy(logits[..., row], labels, self.weights, ignore_index=UNLABELLED, label_smoothing=0.05)
            for row, window in enumerate(self.network.horizons)
            if window <= labels.shape[1]
        ]
        judged = labels != UNLABELLED
        middle = logits[..., min(1, len(losses) - 1)]
        return torch.stack(losses).mean(), float((middle.argmax(1) == labels)[judged].float().mean())

    def _batch(self, small: bool) -> tuple[Tensor, Tensor]:
        count, length = self.settings.batch, self.settings.frames
        rows = self.rng.integers(len(self.films), size=count)
        clips, labels = [], []
        for row in rows:
            first = self.rng.integers(max(1, self.films.labels.shape[1] - length + 1))
            clips.append(self.films.images[row, first : first + length])
            labels.append(self.films.labels[row, first : first + length])
        target = torch.from_numpy(np.stack(labels))
        target[:, :UNJUDGED] = UNLABELLED
        moved = self._augment(normalised(torch.from_numpy(np.stack(clips)).to(self.device)), small)
        return moved, target.to(self.device)

    def _augment(self, clips: Tensor, small: bool) -> Tensor:
        """Vary clips (B, 3, T, H, W): mirror, another cut, light and colour."""
        count, _, frames, side, _ = clips.shape
        size = round(side * SMALL / 16) * 16 if small else side
        uniform = torch.from_numpy(self.rng.uniform(-1, 1, (count, 8))).float().to(clips.device)
        scale = 1.0 + 0.18 * uniform[:, 0]
        theta = torch.zeros(count, 2, 3, device=clips.device)
        theta[:, 0, 0] = scale * torch.sign(uniform[:, 1])
        theta[:, 1, 1] = scale * (1.0 + 0.08 * uniform[:, 2])
        theta[:, :, 2] = 0.12 * uniform[:, 3:5]
        grid = F.affine_grid(theta, [count, 3, size, size], align_corners=False)
        flat = clips.transpose(1, 2).flatten(0, 1)
        moved = F.grid_sample(flat, grid.repeat_interleave(frames, 0), padding_mode="border", align_corners=False)
        moved = moved.unflatten(0, (count, frames)).transpose(1, 2)
        gain, shift = 1.0 + 0.25 * uniform[:, 5], 0.3 * uniform[:, 6]
        return moved * gain.reshape(-1, 1, 1, 1, 1) + shift.reshape(-1, 1, 1, 1, 1)


def begin(shape: NetworkShape, classes: int, weights: Path | None) -> CoX3D:
    """A new network, or one that another training has left, with a new classifier where the activities are others."""
    if weights is None:
        return build(shape, classes)
    old, card = load(weights)
    network = build(NetworkShape(**card["shape"]), classes)
    fits = {name: value for name, value in old.state_dict().items() if value.shape == network.state_dict()[name].shape}
    network.load_state_dict(fits, strict=False)
    return network


def main(
    films: Annotated[Path, typer.Argument(help="Folder of rendered films, or of labelled clips.")],
    clips: Annotated[str, typer.Option(help=f"Learn from a set of clips: one of {', '.join(SETS)}.")] = "",
    minutes: Annotated[float, typer.Option(help="Time to learn.")] = Settings.minutes,
    batch: Annotated[int, typer.Option(help="Films of a batch.")] = Settings.batch,
    rate: Annotated[float, typer.Option(help="Of learning, at most.")] = Settings.rate,
    seed: Annotated[int, typer.Option(help="Of all draws.")] = Settings.seed,
    side: Annotated[int, typer.Option(help="Pixels of the images of clips.")] = 96,
    fold: Annotated[int, typer.Option(help="Block of clips that is kept for the evaluation.")] = 0,
    begin_with: Annotated[Path | None, typer.Option(help="Weights to begin with, an .npz.")] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    output: Annotated[Path, typer.Option(help="The .npz to write, its card beside it.")] = Path(
        "build/activity/activity-simulated.npz"
    ),
) -> None:
    """Train, and write weights with their card."""
    torch.set_num_threads(1 if device == "cpu" else 8)
    if clips:
        train, _, labels = read_clips(films, clips, Settings.frames, side, fold)
    else:
        train, labels = read_films(films, "train"), list(ACTIONS)
    settings = Settings(minutes=minutes, batch=batch, rate=rate, seed=seed)
    shape = NetworkShape(side=train.images.shape[2])
    trainer = Trainer(settings, train, begin(shape, len(labels), begin_with), len(labels), device)
    steps = learn(trainer, Console())
    card = {
        "network": "causal CoX3D (networks/activity/x3d.py)",
        "labels": labels,
        "shape": {**asdict(shape_of(trainer.network)), "horizons": list(trainer.network.horizons)},
        "films": len(train),
        "settings": asdict(settings),
        "steps": steps,
        "torch": str(torch.__version__),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    save(trainer.network, output, card)


def learn(trainer: Trainer, console: Console) -> int:
    """Run a training, say how it goes, and return how many steps it had."""
    shown, recent, steps = 0.0, [], 0
    for steps, (share, loss, accuracy) in enumerate(trainer.run(), 1):
        recent.append((loss, accuracy))
        if (share - shown) * 60 * trainer.settings.minutes >= SHOWN:
            mean = np.mean(recent, axis=0)
            console.print(f"{share:4.0%}  step {steps}  loss {mean[0]:.3f}  accuracy {mean[1]:.3f}")
            shown, recent = share, []
    return steps


def shape_of(network: CoX3D) -> NetworkShape:
    """Contents of the card of a network."""
    size: Size = network.size
    return NetworkShape(size.side, size.frames, size.depth, size.width, size.hidden, network.horizons)


if __name__ == "__main__":
    typer.run(main)
