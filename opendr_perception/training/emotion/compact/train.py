"""Train the small network of expressions: `python -m opendr_perception.training.emotion.compact.train`.

On the training part of FER2013, without the images that are in its other parts again. Rare expressions are not
neglected: their logits have to win against the frequency of the others [Menon 2021]. Small images come first, which
cost less. Weights are averaged over the last steps, and those at the end count; none are chosen by their score. All is
drawn from the seed, batch by batch, so that a run that was interrupted goes on with `--resume` as if nothing had
happened.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from opendr_perception.evaluate.emotion.sets import FaceCrops, read_fer2013, seen_again
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.networks.emotion.compact import CompactNet, equalised
from opendr_perception.training.common.checkpoint import Resumable, Stateful
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.muon import Muon
from opendr_perception.training.common.options import Resume, Seed, Steps, Threads
from opendr_perception.training.common.weights import save, versions
from opendr_perception.training.emotion.compact.variation import vary

WARM_UP = 0.05
"""Share of the steps in which the rates rise."""

SETTLING = 60
"""Batches in which normalisations see the averaged weights."""

SHOWN = 100
"""Steps between two lines of progress, and two checkpoints."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training."""

    steps: int = 4200
    batch: int = 128
    width: int = 32
    rate: float = 0.06  # of convolutions, by Muon
    other_rate: float = 3e-3  # of all else, by AdamW
    small: int = 36  # pixels of the faces at first
    small_until: float = 0.6  # of the steps
    smoothing: float = 0.1  # of the labels, which are noisy
    average: float = 0.998  # of the weights that were before, in each step
    rarity: float = 1.0  # how much rare expressions are helped: 0 not at all, 1 as if all were as frequent
    seed: int = 1


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: What to do.
        crops: What to learn from.
        checkpoint: File of the checkpoint.
    """

    network: CompactNet

    def __init__(self, settings: Settings, crops: FaceCrops, checkpoint: Path) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.checkpoint = settings, checkpoint
        chosen = learned_from(crops)
        self.images, self.labels = torch.from_numpy(crops.images[chosen]), torch.from_numpy(crops.label[chosen])
        if len(self.images) < settings.batch:
            raise ValueError(f"a batch of {settings.batch} is more than the {len(self.images)} faces that there are")
        counts = torch.bincount(self.labels, minlength=len(crops.labels)).clamp(min=1)
        self.frequency = settings.rarity * torch.log(counts / counts.sum())
        self.network = CompactNet(len(crops.labels), settings.width)
        for parameter in self.network.parameters():
            if parameter.ndim == 4:  # as convolutions are fastest
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self.average = AveragedModel(
            self.network, multi_avg_fn=get_ema_multi_avg_fn(settings.average), use_buffers=True
        )
        named = dict(self.network.named_parameters())
        convolutions = [name for name, weight in named.items() if weight.ndim == 4 and weight.shape[1] > 1]
        self.optimizer = Muon([named.pop(name) for name in convolutions], settings.rate)
        self.others = torch.optim.AdamW(named.values(), settings.other_rate, betas=(0.9, 0.99))
        self.schedule, self.other_schedule = (
            torch.optim.lr_scheduler.LambdaLR(optimizer, self._share) for optimizer in (self.optimizer, self.others)
        )
        self.step = 0

    def run(self) -> Iterator[tuple[int, float, float]]:
        """Train to the end; gives after each step its number, loss and accuracy."""
        self.network.train()
        while self.step < self.settings.steps:
            torch.manual_seed(self.settings.seed * 1_000_003 + self.step)  # of what is dropped out
            faces, labels = self._batch(self.step)
            with torch.autocast("cpu", torch.bfloat16):
                logits = self.network(faces).float()
            loss = F.cross_entropy(logits + self.frequency, labels, label_smoothing=self.settings.smoothing)
            self.others.zero_grad()
            self.descend(loss)
            self.others.step()
            self.other_schedule.step()
            self.average.update_parameters(self.network)
            yield self.step, loss.item(), (logits.argmax(1) == labels).float().mean().item()

    @torch.no_grad()
    def result(self) -> CompactNet:
        """The averaged network in evaluation mode; what its normalisations ought to know is found anew, as they were
        learned with other weights [Izmailov 2018]."""
        network = copy.deepcopy(self.average.module)
        assert isinstance(network, CompactNet)
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.reset_running_stats()
                module.momentum = None  # the mean over all batches
        network.train()
        for number in range(SETTLING):
            network(self._batch(self.settings.steps + number)[0])
        return network.eval()

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        size = self.settings.batch
        epoch, place = divmod(step, len(self.images) // size)
        order = np.random.default_rng((self.settings.seed, epoch)).permutation(len(self.images))
        chosen = torch.from_numpy(order[place * size : (place + 1) * size])
        source = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + step)
        faces = vary(self.images[chosen].float()[:, None], source)
        if step < self.settings.small_until * self.settings.steps:
            side = self.settings.small
            faces = F.interpolate(faces, (side, side), mode="bilinear", antialias=True, align_corners=False)
        faces = equalised(faces)
        return faces.contiguous(memory_format=torch.channels_last), self.labels[chosen]

    def _parts(self) -> dict[str, Stateful]:
        return super()._parts() | {
            "average": self.average, "others": self.others, "other_schedule": self.other_schedule,
        }  # fmt: skip

    def _share(self, step: int) -> float:
        """Of the rates at a step: up in the first twentieth, then down to nothing."""
        share = step / self.settings.steps
        return min(1.0, share / WARM_UP) * max(0.0, 1 - share)


def learned_from(crops: FaceCrops) -> np.ndarray:
    """Indices of the faces for training that are not among those to measure with."""
    train = np.flatnonzero(crops.part == "train")
    return train[~seen_again(crops.images[train], crops.images[crops.part != "train"])]


def main(
    data: Annotated[Path, typer.Option(help="FER2013: its folder, or fer2013.csv.")] = Path("../shared/data/fer2013"),
    steps: Steps = Settings.steps,
    seed: Seed = Settings.seed,
    output: Annotated[Path, typer.Option(help="Directory of checkpoint and weights.")] = Path("build/expressions"),
    resume: Resume = False,
    threads: Threads = 1,
) -> None:
    """Train, and write `compact-<seed>.npz` with its card."""
    torch.set_num_threads(threads)
    settings, console = Settings(steps=steps, seed=seed), Console()
    try:
        crops = read_fer2013(data)
        trainer = Trainer(settings, crops, output / f"checkpoint-{seed}.pt")
        if resume and trainer.checkpoint.exists():
            trainer.resume()
            console.print(f"going on after step {trainer.step}")
    except (ValueError, DatasetError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    train(trainer, console, SHOWN)
    path = output / f"compact-{seed}.npz"
    save(trainer.result(), path, _card(settings, crops, len(trainer.images)))
    console.print(f"wrote {path}")


def _card(settings: Settings, crops: FaceCrops, faces: int) -> dict[str, Any]:
    return {
        "network": "residual network of grey faces (networks/emotion/compact.py)",
        "terms": "research",
        "sources": ["fer2013"],
        "labels": list(crops.labels),
        "faces": faces,
        "settings": asdict(settings),
        "command": f"python -m opendr_perception.training.emotion.compact.train --steps {settings.steps} "
        f"--seed {settings.seed}",
        **versions(),
    }


if __name__ == "__main__":
    typer.run(main)
