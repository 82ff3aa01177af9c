"""Scores that mean something: one temperature, fitted on persons for validation [Guo 2017]."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from opendr_perception.evaluate.actions import streams_of
from opendr_perception.evaluate.skeleton_sets import READERS
from opendr_perception.networks.action_tcn import ActionTcn
from opendr_perception.tasks import skeleton
from opendr_perception.training.motion import UNLABELLED
from opendr_perception.training.real_motion import labels_of

TEMPERATURES = np.exp(np.linspace(np.log(0.5), np.log(4.0), 60))


def temperature_of(network: ActionTcn, folder: Path, sources: Sequence[str]) -> float:
    """The temperature with which answers about real people for validation are likeliest; each set counts alike.

    Args:
        network: In evaluation mode.
        folder: Where the sets are.
        sources: What the network was made from; what is no set, or has nobody for validation, is left out.
    """
    parts = [both for source in sources if source in READERS and (both := _answers(network, folder / f"{source}.npz"))]
    losses = [
        sum(F.cross_entropy(logits / t, labels).item() for logits, labels in parts) for t in TEMPERATURES.tolist()
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])


def apply_temperature(network: ActionTcn, temperature: float) -> None:
    """Divide the logits of a network by a temperature, once and for all."""
    with torch.no_grad():
        for parameter in network.layers.fc.parameters():
            parameter.div_(temperature)


def _answers(network: ActionTcn, path: Path) -> tuple[Tensor, Tensor] | None:
    """Logits (n, classes) and labels (n,) of all frames with a label."""
    found = [*_of_each_stream(network, path)]
    if not found:
        return None
    logits, labels = (torch.cat(several) for several in zip(*found, strict=True))
    return logits[labels != UNLABELLED], labels[labels != UNLABELLED]


def _of_each_stream(network: ActionTcn, path: Path) -> Iterator[tuple[Tensor, Tensor]]:
    recordings = [one for one in READERS[path.stem](path) if one.part == "validation"]
    for stream in streams_of(recordings):
        frames = skeleton.observe_all(stream.keypoints, np.arange(len(stream.names)) / stream.rate)
        with torch.no_grad():
            logits = network(torch.from_numpy(frames).permute(1, 0, 2)[None, ..., None])[0].T
        places = np.minimum((np.arange(len(logits)) * stream.rate / skeleton.RATE).astype(int), len(stream.names) - 1)
        yield logits, torch.from_numpy(labels_of(stream)[places])
