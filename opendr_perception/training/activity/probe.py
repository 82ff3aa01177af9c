"""Teach a trained network other activities by its last layers alone: `python -m ...training.activity.probe FOLDER`.

The rest stays as it is and runs once over the clips, so that this takes seconds on a laptop, and few clips suffice.
It is measured by folds, against the same layers on a network that has learnt nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor
from torch.nn import functional as F

from opendr_perception.networks.activity.head import Head
from opendr_perception.networks.activity.trunk import VideoTrunk
from opendr_perception.training.activity.data import Films
from opendr_perception.training.activity.recordings import FOLDS, SETS, read_clips
from opendr_perception.training.activity.train import begin
from opendr_perception.training.activity.weights import NetworkShape, VideoNetwork, load, normalised
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.weights import save

FRAMES = 12
"""Of a clip: two seconds."""
STEPS, BATCH, RATE = 200, 64, 2e-3


def features(network: VideoNetwork, films: Films) -> Tensor:
    """Inputs of the head's pool, of each frame and its mirror image: (2, N, C, T)."""
    trunk, found = VideoTrunk(network.blocks), []
    with torch.inference_mode():
        for row in range(0, len(films), 10):
            clip = normalised(torch.from_numpy(films.images[row : row + 10]))
            found.append(trunk(torch.cat([clip, clip.flip(-1)])).unflatten(0, (2, -1)))
    return torch.cat(found, 1).clone()


def teach(network: VideoNetwork, seen: Tensor, labels: Tensor, seed: int) -> Head:
    """Train a copy of the head on features (2, N, C, T) and labels (N,)."""
    torch.manual_seed(seed)
    head = copy.deepcopy(network.blocks[-1])
    assert isinstance(head, Head)
    hidden = [] if head.pool is None else [head.pool.post_conv.weight]
    learnt = [*hidden, *head.proj.parameters()]
    optimizer = torch.optim.AdamW(learnt, RATE, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
    head.train()
    for _ in range(STEPS):
        rows, sides = torch.randint(len(labels), (BATCH,)), torch.randint(2, (BATCH,))
        pooled = head.horizons(seen[sides, rows])[:, :, 2:]
        logits = head.classify(pooled)
        target = labels[rows, None, None].expand(-1, *logits.shape[2:])
        loss = F.cross_entropy(logits, target, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return head.eval()


def right(head: Head, seen: Tensor, labels: Tensor) -> np.ndarray:
    """True for each clip (N,) that is told right at its end, by the horizon that is as long as it, or nearly."""
    row = int(np.argmin([abs(window - FRAMES) for window in head.horizons.windows]))
    with torch.inference_mode():
        answers = head.classify(head.horizons(seen[0]))[:, :, -1, row].argmax(1)
    return (answers == labels).numpy()


def by_folds(
    network: VideoNetwork, seen: Tensor, labels: Tensor, groups: np.ndarray, seeds: Sequence[int]
) -> list[float]:
    """Accuracy of each fold, taught on the others; mean over seeds."""
    shares = []
    for fold in range(FOLDS):
        testing = torch.from_numpy(groups == fold)
        found = [
            right(teach(network, seen[:, ~testing], labels[~testing], seed), seen[:, testing], labels[testing]).mean()
            for seed in seeds
        ]
        shares.append(float(np.mean(found)))
    return shares


def main(
    folder: Annotated[Path, typer.Argument(help="Of the clips.")],
    weights: Annotated[Path, typer.Option(help="Network to begin with, an .npz.")],
    output: Annotated[Path, typer.Option(help="The .npz to write, its card beside it.")],
    clips: Annotated[str, typer.Option(help=f"Kind of the folder: one of {', '.join(SETS)}.")] = "fight_surv",
    seeds: Annotated[int, typer.Option(help="Trainings of each fold.")] = 3,
    terms: Annotated[str, typer.Option(help="Of the clips: open or research.")] = "research",
) -> None:
    """Measure by folds, then teach on all clips and write the network."""
    torch.set_num_threads(1)
    console = Console()
    _, card = load(weights)
    shape = NetworkShape(**card["shape"])
    parts = [read_clips(folder, clips, FRAMES, shape.side, fold)[1] for fold in range(FOLDS)]
    names = read_clips(folder, clips, 1, 8, 0)[2]
    films = Films(np.concatenate([part.images for part in parts]), np.concatenate([part.labels for part in parts]))
    groups = np.repeat(np.arange(FOLDS), [len(part) for part in parts])
    labels = torch.from_numpy(films.labels[:, 0])
    figures = {}
    for name, source in (("taught", weights), ("on a network that has learnt nothing", None)):
        network = begin(shape, len(names), source)[0].eval()
        seen = features(network, films)
        shares = by_folds(network, seen, labels, groups, range(seeds))
        console.print(f"{name}: {np.mean(shares):.3f}, by folds {', '.join(f'{share:.2f}' for share in shares)}")
        figures[name] = [round(share, 3) for share in shares]
        if source is not None:
            network.blocks[-1] = teach(network, seen, labels, 0)
            save(network, output, {**card, "labels": names, "terms": terms, "clips": clips, "folds": figures[name]})


if __name__ == "__main__":
    run_command(main)
