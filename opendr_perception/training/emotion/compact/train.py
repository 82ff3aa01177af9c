"""Train the small network of expressions: `python -m opendr_perception.training.emotion.compact.train`.

On the training part of FER2013, without the images that are in its other parts again. Rare expressions are not
neglected: their logits have to win against the frequency of the others [Menon 2021]. A larger network is trained in the
same way and then teaches the small one. Weights are averaged over the last steps, and those at the end count; none are
chosen by their score. At the end normalisations settle on faces as they are; `--start WEIGHTS --steps 0` does only
that. All is drawn from the seed, batch by batch, so that a run that was interrupted goes on with `--resume` as if
nothing had happened.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from torch import Tensor
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from opendr_perception.evaluate.emotion.sets import FaceCrops, read_fer2013
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.emotion.compact import CompactNet
from opendr_perception.training.common.checkpoint import Resumable, Stateful
from opendr_perception.training.common.command import Resume, Seed, Steps, Threads, run_command
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.muon import Muon
from opendr_perception.training.common.weights import read, save, versions
from opendr_perception.training.emotion.compact.calibration import validated
from opendr_perception.training.emotion.compact.faces import FaceBatches
from opendr_perception.training.emotion.compact.targets import Teachers, mixed, placed

WARM_UP = 0.05
"""Share of the steps in which the rates rise."""

SETTLING = 20
"""Batches in which normalisations see the averaged weights."""

SHOWN = 100
"""Steps between two lines of progress, and two checkpoints."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training."""

    steps: int = 4400
    batch: int = 512
    width: int = 48
    blocks: tuple[int, ...] = (2, 2, 2)
    stride: int = 2
    rate: float = 0.06  # of convolutions, by Muon
    other_rate: float = 3e-3  # of all else, by AdamW
    smoothing: float = 0.1  # of the labels, which are noisy
    mixing: float = 0.4  # alpha of the shares of two faces that are mixed; 0 mixes none
    average: float = 0.998  # of the weights that were before, in each step
    rarity: float = 1.0  # how much rare expressions are helped: 0 not at all, 1 as if all were as frequent
    taught: float = 0.8  # share of the teachers in the loss, if there are any
    teachers: tuple[str, ...] = ()  # names of their files
    start: str = ""  # name of the file of weights to begin with
    seed: int = 1


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: What to do.
        crops: What to learn from.
        checkpoint: File of the checkpoint.
        device: Where to compute, for torch.
        teachers: Files of trained networks.
        start: File of a network of the same size to begin with.

    Raises:
        ValueError: The file is of another network.
    """

    network: CompactNet

    def __init__(
        self,
        settings: Settings,
        crops: FaceCrops,
        checkpoint: Path,
        device: str = "cpu",
        teachers: Sequence[Path] = (),
        start: Path | None = None,
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.checkpoint, self.device = settings, checkpoint, torch.device(device)
        self.faces = FaceBatches(crops, settings.batch, settings.seed, self.device)
        self.frequency = settings.rarity * torch.log(self.faces.counts / self.faces.counts.sum())
        self.teachers = Teachers(teachers, self.device) if teachers else None
        network = CompactNet(len(crops.labels), settings.width, settings.blocks, settings.stride)
        if start is not None:
            load_checkpoint(network, read(start)[0])
        self.network = placed(network, self.device)
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

    def run(self) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Train to the end; gives after each step its number, loss and accuracy."""
        self.network.train()
        settings, classes = self.settings, self.network.expression.out_features
        while self.step < settings.steps:
            moment = settings.seed * 1_000_003 + self.step
            torch.manual_seed(moment)  # of what is dropped out
            faces, labels = self.faces.draw(self.step)
            faces, shares = mixed(faces, labels, classes, settings.mixing, moment)
            with torch.autocast(self.device.type, torch.bfloat16):
                logits = self.network(faces).float()
            loss = F.cross_entropy(logits + self.frequency, shares, label_smoothing=settings.smoothing)
            if self.teachers is not None:
                taught = self.teachers.loss(faces, logits, self.frequency, self.step)
                loss = (1 - settings.taught) * loss + settings.taught * taught
            self.others.zero_grad()
            self.descend(loss)
            self.others.step()
            self.other_schedule.step()
            self.average.update_parameters(self.network)
            yield self.step, loss.detach(), (logits.argmax(1) == shares.argmax(1)).float().mean()

    @torch.no_grad()
    def result(self) -> CompactNet:
        """The averaged network in evaluation mode.

        What its normalisations ought to know is found anew, as they were learned with other weights [Izmailov 2018],
        and on faces as they are, as those that are varied are not what it will see [Touvron 2019].
        """
        network = copy.deepcopy(self.average.module)
        assert isinstance(network, CompactNet)
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.reset_running_stats()
                module.momentum = None  # the mean over all batches
        network.train()
        for number in range(SETTLING):
            with torch.autocast(self.device.type, torch.bfloat16):
                network(self.faces.plain(self.settings.steps + number))
        return network.eval()

    def _parts(self) -> dict[str, Stateful]:
        return super()._parts() | {
            "average": self.average, "others": self.others, "other_schedule": self.other_schedule,
        }  # fmt: skip

    def _share(self, step: int) -> float:
        """Of the rates at a step: up in the first twentieth, then down to nothing."""
        share = step / max(1, self.settings.steps)
        return min(1.0, share / WARM_UP) * max(0.0, 1 - share)


def main(
    data: Annotated[Path, typer.Option(help="FER2013: its folder, or fer2013.csv.")] = Path("../shared/data/fer2013"),
    steps: Steps = Settings.steps,
    batch: Annotated[int, typer.Option(help="Faces of a batch.")] = Settings.batch,
    width: Annotated[int, typer.Option(help="Channels of the first layer.")] = Settings.width,
    blocks: Annotated[str, typer.Option(help="Residual blocks of each stage.")] = ",".join(map(str, Settings.blocks)),
    stride: Annotated[int, typer.Option(help="Of the first layer.", min=1, max=2)] = Settings.stride,
    teacher: Annotated[list[Path] | None, typer.Option(help="The .npz of a training to learn from too.")] = None,
    taught: Annotated[float, typer.Option(help="Share of the teachers in the loss.", min=0, max=1)] = Settings.taught,
    start: Annotated[
        Path | None, typer.Option(help="The .npz of a training of the same network to go on from.")
    ] = None,
    rate: Annotated[float, typer.Option(help="Step of convolutions; all else has a twentieth.")] = Settings.rate,
    mixing: Annotated[float, typer.Option(help="How much faces are mixed.", min=0)] = Settings.mixing,
    average: Annotated[float, typer.Option(help="What of averaged weights stays at a step.")] = Settings.average,
    seed: Seed = Settings.seed,
    output: Annotated[Path, typer.Option(help="Directory of checkpoint and weights.")] = Path("build/expressions"),
    name: Annotated[str, typer.Option(help="Beginning of the names of the files.")] = "compact",
    resume: Resume = False,
    threads: Threads = 1,
    device: Annotated[str, typer.Option(help="Of torch: cpu or cuda.")] = "cpu",
) -> None:
    """Train, and write `<name>-<seed>.npz` with its card."""
    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = True  # all batches have one size
    console, teachers = Console(), teacher or []
    settings = Settings(
        steps, batch, width, tuple(map(int, blocks.split(","))), stride, rate, rate / 20,
        mixing=mixing, average=average, taught=taught, teachers=tuple(file.name for file in teachers),
        start=start.name if start else "", seed=seed,
    )  # fmt: skip
    crops = read_fer2013(data)
    trainer = Trainer(settings, crops, output / f"checkpoint-{name}-{seed}.pt", device, teachers, start)
    if resume:
        trainer.go_on(console)
    begun = time.monotonic()
    train(trainer, console, SHOWN if device == "cpu" else 10 * SHOWN)
    network, path = trainer.result(), output / f"{name}-{seed}.npz"
    card = _card(settings, crops, trainer) | {"minutes": round((time.monotonic() - begun) / 60, 1)}
    save(network, path, card | {"validation": validated(network, crops, trainer.faces.counts.cpu())})
    console.print(f"wrote {path}")


def _card(settings: Settings, crops: FaceCrops, trainer: Trainer) -> dict[str, object]:
    cuda = trainer.device.type == "cuda"
    blocks = ",".join(map(str, settings.blocks))
    return {
        "network": "residual network of grey faces (networks/emotion/compact.py)",
        "terms": "research",
        "sources": ["fer2013"],
        "labels": list(crops.labels),
        "faces": len(trainer.faces),
        "settings": {name: list(x) if isinstance(x, tuple) else x for name, x in asdict(settings).items()},
        "command": f"python -m opendr_perception.training.emotion.compact.train --steps {settings.steps} "
        f"--batch {settings.batch} --width {settings.width} --blocks {blocks} --stride {settings.stride} "
        + f"--rate {settings.rate:g} --mixing {settings.mixing:g} --average {settings.average:g} "
        + "".join(f"--teacher {name} " for name in settings.teachers)
        + (f"--taught {settings.taught:g} " if settings.teachers else "")
        + (f"--start {settings.start} " if settings.start else "")
        + f"--seed {settings.seed}"
        + (" --device cuda" if cuda else ""),
        "device": torch.cuda.get_device_name(trainer.device) if cuda else "cpu",
        **versions(),
    }


if __name__ == "__main__":
    run_command(main)
