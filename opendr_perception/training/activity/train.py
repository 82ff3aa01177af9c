"""Train a causal video network: `python -m opendr_perception.training.activity.train FILMS`.

It learns from rendered films (`data.py`), or, with `--clips`, from a folder of labelled clips (`recordings.py`). Each
frame is judged, by each horizon, as it is on a stream. In the first part of the steps it sees small images, which cost
less: a network of convolutions does not mind. All is drawn from the seed, so that a run that was interrupted goes on
with `--resume` as if nothing had happened.
"""

from __future__ import annotations

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

from opendr_perception.networks.activity.resnet import LAYOUTS
from opendr_perception.training.activity.data import Films, read_films
from opendr_perception.training.activity.recordings import SETS, read_clips
from opendr_perception.training.activity.weights import NetworkShape, VideoNetwork, build, load, normalised
from opendr_perception.training.body.motion import ACTIONS, UNLABELLED
from opendr_perception.training.common.checkpoint import Resumable
from opendr_perception.training.common.command import Resume, Seed, Steps, run_command
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.weights import save, versions

SMALL_SHARE, SMALL = 0.6, 2 / 3
"""Share of the steps in which images are so much smaller."""
UNJUDGED = 2
"""First frames of a film, in which nobody could tell."""
SHOWN = 50
"""Steps between two lines of progress, and two checkpoints."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training."""

    steps: int = 4000
    batch: int = 16
    frames: int = 16
    rate: float = 3e-3
    seed: int = 1
    rarity: float = 0.5  # rare activities count more, by this power of their rarity
    layout: str = "small"  # of a ResNet; empty: a CoX3D
    begun_with: str = ""  # weights
    clips: str = ""  # set of labelled clips; empty: rendered films
    side: int = 96  # pixels of the images of clips
    fold: int = 0  # block of clips that is kept for the evaluation


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: What to do.
        films: What to learn from.
        network: What learns.
        classes: Number of activities.
        device: Where.
        checkpoint: File of the checkpoint.
    """

    network: VideoNetwork

    def __init__(
        self, settings: Settings, films: Films, network: VideoNetwork, classes: int, device: str, checkpoint: Path
    ) -> None:
        self.settings, self.films, self.device, self.checkpoint = settings, films, torch.device(device), checkpoint
        self.network = network.train()
        self.network.to(self.device, memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        self.begin(settings.rate, settings.steps, decay=0.03, warm_up=0.1)
        counts = np.bincount(films.labels[films.labels != UNLABELLED], minlength=classes).clip(1)
        weights = torch.tensor((counts.sum() / counts) ** settings.rarity, dtype=torch.float32)
        self.weights = (weights / weights.mean()).to(self.device)

    def run(self) -> Iterator[tuple[int, float, float]]:
        """Train to the end; gives after each step its number, loss, and accuracy of the second horizon."""
        while self.step < self.settings.steps:
            torch.manual_seed(self.settings.seed * 1_000_003 + self.step)  # of what is dropped out
            clips, labels = self._batch(np.random.default_rng((self.settings.seed, self.step)))
            with torch.autocast(self.device.type, torch.bfloat16):
                logits = self.network(clips.contiguous(memory_format=torch.channels_last_3d))
            loss, accuracy = self._judge(logits.float(), labels)
            self.descend(loss, clip=5.0)
            yield self.step, loss.item(), accuracy

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

    def _batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        length = self.settings.frames
        clips, labels = [], []
        for row in rng.integers(len(self.films), size=self.settings.batch):
            first = rng.integers(max(1, self.films.labels.shape[1] - length + 1))
            clips.append(self.films.images[row, first : first + length])
            labels.append(self.films.labels[row, first : first + length])
        target = torch.from_numpy(np.stack(labels))
        target[:, :UNJUDGED] = UNLABELLED
        small = self.step < SMALL_SHARE * self.settings.steps
        moved = _varied(rng, normalised(torch.from_numpy(np.stack(clips)).to(self.device)), small)
        return moved, target.to(self.device)


def _varied(rng: np.random.Generator, clips: Tensor, small: bool) -> Tensor:
    """Vary clips (B, 3, T, H, W): mirror, another cut, light and colour."""
    count, _, frames, side, _ = clips.shape
    size = round(side * SMALL / 16) * 16 if small else side
    uniform = torch.from_numpy(rng.uniform(-1, 1, (count, 8))).float().to(clips.device)
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


def begin(shape: NetworkShape, classes: int, weights: Path | None) -> tuple[VideoNetwork, NetworkShape]:
    """A new network, or one that another training has left, with a new classifier where the activities are others."""
    if weights is None:
        return build(shape, classes), shape
    old, card = load(weights)
    shape = NetworkShape(**card["shape"])
    network = build(shape, classes)
    fits = {name: value for name, value in old.state_dict().items() if value.shape == network.state_dict()[name].shape}
    network.load_state_dict(fits, strict=False)
    return network, shape


def main(
    films: Annotated[Path, typer.Argument(help="Folder of rendered films, or of labelled clips.")],
    clips: Annotated[str, typer.Option(help=f"Learn from a set of clips: one of {', '.join(SETS)}.")] = Settings.clips,
    steps: Steps = Settings.steps,
    batch: Annotated[int, typer.Option(help="Films of a batch.")] = Settings.batch,
    rate: Annotated[float, typer.Option(help="Of learning, at most.")] = Settings.rate,
    seed: Seed = Settings.seed,
    layout: Annotated[
        str, typer.Option(help=f"Of a ResNet: one of {', '.join(LAYOUTS)}; empty: a CoX3D.")
    ] = Settings.layout,
    side: Annotated[int, typer.Option(help="Pixels of the images of clips.")] = Settings.side,
    fold: Annotated[int, typer.Option(help="Block of clips that is kept for the evaluation.")] = Settings.fold,
    begin_with: Annotated[Path | None, typer.Option(help="Weights to begin with, an .npz.")] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    output: Annotated[Path, typer.Option(help="The .npz to write, its card beside it.")] = Path(
        "build/activity/activity.npz"
    ),
    resume: Resume = False,
) -> None:
    """Train, and write weights with their card."""
    torch.set_num_threads(1 if device == "cpu" else 8)
    if clips:
        shown, _, labels = read_clips(films, clips, Settings.frames, side, fold)
    else:
        shown, labels = read_films(films, "train"), list(ACTIONS)
    settings = Settings(
        steps, batch, rate=rate, seed=seed, layout=layout, begun_with=str(begin_with or ""), clips=clips, side=side,
        fold=fold,
    )  # fmt: skip
    console = Console()
    torch.manual_seed(seed)
    network, shape = begin(NetworkShape(side=shown.images.shape[2], layout=layout), len(labels), begin_with)
    trainer = Trainer(settings, shown, network, len(labels), device, output.with_suffix(".pt"))
    if resume:
        trainer.go_on(console)
    train(trainer, console, SHOWN)
    card = {
        "network": "causal, with images one after the other (networks/activity)",
        "labels": labels,
        "shape": {**asdict(shape), "horizons": list(shape.horizons)},
        "films": len(shown),
        "settings": asdict(settings),
        **versions(),
    }
    save(trainer.network.eval(), output, card)


if __name__ == "__main__":
    run_command(main)
