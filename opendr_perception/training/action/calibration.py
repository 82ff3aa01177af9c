"""Scores that mean something: one temperature, fitted on persons for validation [Guo 2017]."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from opendr_perception.evaluate.action.recognition import streams_of
from opendr_perception.evaluate.action.sets import READERS
from opendr_perception.evaluate.action.streams import PoseStream
from opendr_perception.networks.action.tcn import ActionTcn
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.body.motion import ACTIONS

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
        for parameter in network.layers.get_submodule("fc").parameters():
            parameter.div_(temperature)


def _answers(network: ActionTcn, path: Path) -> tuple[Tensor, Tensor] | None:
    """Logits (n, classes) and labels (n,) of all answers about actions."""
    recordings = [one for one in READERS[path.stem](path) if one.part == "validation"]
    found = [part for stream in streams_of(recordings) for part in _of_segments(network, stream)]
    if not found:
        return None
    logits, labels = zip(*found, strict=True)
    return torch.cat(logits), torch.cat(labels)


def _of_segments(network: ActionTcn, stream: PoseStream) -> Iterator[tuple[Tensor, Tensor]]:
    frames = skeleton.observe_all(stream.keypoints, np.arange(len(stream.names)) / stream.rate)
    with torch.no_grad():
        logits = network(torch.from_numpy(frames).permute(1, 0, 2)[None, ..., None])[0].T
    for segment in stream.segments:
        begin, end = (round(place / stream.rate * skeleton.RATE) for place in (segment.begin, segment.end))
        if len(segment.recording.accepted) == 1:
            part = logits[begin:end]
            yield part, torch.full((len(part),), ACTIONS.index(segment.recording.action))
