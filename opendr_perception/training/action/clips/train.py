"""Train a skeleton network on clips: `python -m opendr_perception.training.action.clips.train --network co-st-gcn`.

`--layout ntu60-xsub --data FOLDER` and its like train on NTU RGB+D and Kinetics-Skeleton for those who have them, by
default with the published width. All is drawn from the seed, batch by batch, so that a run that was interrupted goes
on with `--resume` as if nothing had happened. The last weights count; none are chosen by their score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.arrays import open_arrays
from opendr_perception.files import replacing
from opendr_perception.tasks.action import RATE
from opendr_perception.training.action.clips.data import LAYOUTS, OWN, SkeletonClips, clip_set
from opendr_perception.training.action.clips.models import BEGUN_WITH, NETWORKS, STREAMS, WIDTH, network
from opendr_perception.training.action.online.data import UNJUDGED, frames_in
from opendr_perception.training.body.motion import UNLABELLED
from opendr_perception.training.common.checkpoint import Resumable
from opendr_perception.training.common.command import Resume, Seed, Steps, Threads, run_command
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.weights import fill, read, save, versions

SHOWN = 20
"""Steps between two lines of progress, and two checkpoints."""
TOGETHER = 16
"""Clips that are measured at once."""

Scores = Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
"""Probabilities (n, classes), labels (n,) and streams (n,) of clips, by source."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training."""

    network: str = "co-st-gcn"
    stream: str = "joints"
    layout: str = OWN
    width: int = WIDTH
    steps: int = 100
    batch: int = 16
    rate: float = 2e-3
    seed: int = 1
    begun_with: str = ""


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: What to do.
        clips: What to learn from.
        checkpoint: File of the checkpoint.
        begun_with: Weights to begin with.

    Raises:
        ValueError: There is no such network, or the weights do not fit it.
    """

    network: nn.Module

    def __init__(
        self, settings: Settings, clips: SkeletonClips, checkpoint: Path, begun_with: Path | None = None
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.clips, self.checkpoint = settings, clips, checkpoint
        self.network = network(settings.network, clips.shape, settings.width)
        if begun_with is not None:
            fill(self.network, read(begun_with)[0], begun_with)
        self.begin(settings.rate, settings.steps, decay=0.02, warm_up=0.2)

    def run(self) -> Iterator[tuple[int, float, float]]:
        """Train to the end; gives after each step its number, loss and accuracy."""
        self.network.train()
        while self.step < self.settings.steps:
            torch.manual_seed(self.settings.seed * 1_000_003 + self.step)  # of what is dropped out
            clips, labels = self.clips.train(self.settings.seed, self.step, self.settings.batch)
            with torch.autocast("cpu", torch.bfloat16):
                logits = self.network(self.clips.stream(clips, self.settings.stream)).float()
            target = torch.from_numpy(labels)
            if self.clips.shape.dense:
                target[:, : frames_in(UNJUDGED, RATE)] = UNLABELLED
                target = target[:, :: -(-clips.shape[2] // logits.shape[2])]  # of the frames with an answer
            else:
                logits = logits[:, :, -1]
            loss = F.cross_entropy(logits, target, ignore_index=UNLABELLED, label_smoothing=0.05)
            self.descend(loss, clip=5.0)
            judged = target != UNLABELLED
            yield self.step, loss.item(), (logits.argmax(1) == target)[judged].float().mean().item()


def scores_of(trained: nn.Module, clips: SkeletonClips, stream: str) -> Scores:
    """Answers to the clips of the evaluation."""
    trained.eval()
    return {source: (_probabilities(trained, clips.stream(some, stream)), labels, streams)
            for source, (some, labels, streams) in clips.evaluation().items()}  # fmt: skip


def keep_scores(path: Path, found: Scores) -> None:
    """Write the answers, so that two networks can be joined."""
    arrays: dict[str, Any] = {}
    for source, (scores, labels, streams) in found.items():
        arrays |= {f"{source} scores": scores, f"{source} labels": labels, f"{source} streams": streams}
    with replacing(path, ".npz") as unfinished:
        np.savez_compressed(unfinished, **arrays)


def read_scores(path: Path) -> Scores:
    """Read answers that were kept."""
    with open_arrays(path) as arrays:
        sources = sorted({key.rsplit(" ", 1)[0] for key in arrays})
        return {each: (arrays[f"{each} scores"], arrays[f"{each} labels"], arrays[f"{each} streams"])
                for each in sources}  # fmt: skip


def _probabilities(trained: nn.Module, clips: Tensor) -> np.ndarray:
    with torch.inference_mode():
        found = [trained(clips[k : k + TOGETHER])[:, :, -1].softmax(1) for k in range(0, len(clips), TOGETHER)]
    return torch.cat(found).numpy()


def main(
    name: Annotated[str, typer.Option("--network", help=f"One of {', '.join(NETWORKS)}.")] = Settings.network,
    stream: Annotated[str, typer.Option(help="joints or bones.")] = Settings.stream,
    layout: Annotated[str, typer.Option(help=f"One of {', '.join(LAYOUTS)}.")] = Settings.layout,
    data: Annotated[Path, typer.Option(envvar="OPENDR_DATA", help="Folder of the set.")] = Path("../shared/data"),
    width: Annotated[int, typer.Option(help="Channels of the first blocks.", min=1)] = Settings.width,
    steps: Steps = Settings.steps,
    batch: Annotated[int, typer.Option(help="Clips per batch.", min=1)] = Settings.batch,
    rate: Annotated[float, typer.Option(help="Of learning, at most.")] = Settings.rate,
    seed: Seed = Settings.seed,
    pool: Annotated[Path, typer.Option(help="Folder of the own examples, made where missing.")] = Path(
        "build/actions/pool"
    ),
    output: Annotated[Path, typer.Option(help="Folder of checkpoints, weights and scores.")] = Path(
        "build/actions/clips"
    ),
    resume: Resume = False,
    threads: Threads = 1,
) -> None:
    """Train, and write `<network>-<stream>.npz` with its card, and the scores of the evaluation.

    A network without padding and stride (`-star`) begins with the weights of the one with them, where these are there.
    """
    torch.set_num_threads(threads)
    console = Console()
    if stream not in STREAMS:
        raise typer.BadParameter(f"there is no stream '{stream}': {', '.join(STREAMS)}")
    clips = clip_set(layout, data, pool)
    begun = output / f"{BEGUN_WITH.get(name, '')}-{stream}.npz"
    first = begun if name in BEGUN_WITH and begun.is_file() else None
    settings = Settings(name, stream, layout, width, steps, batch, rate, seed, first.name if first else "")
    trainer = Trainer(settings, clips, output / f"checkpoint-{name}-{stream}.pt", first)
    if resume:
        trainer.go_on(console)
    train(trainer, console, SHOWN)
    found = scores_of(trainer.network, clips, stream)
    right = {source: float((scores.argmax(1) == labels).mean()) for source, (scores, labels, _) in found.items()}
    path = output / f"{name}-{stream}.npz"
    keep_scores(output / f"scores-{name}-{stream}.npz", found)
    card = {**vars(settings), "parameters": sum(p.numel() for p in trainer.network.parameters()), "right": right}
    save(trainer.network, path, card | versions())
    console.print(f"wrote {path}: {right}")


if __name__ == "__main__":
    run_command(main)
