"""Weights of suppression networks, as trainings write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.seq2seq_nms import FSeq2Nms, Seq2SeqNms


def load(path: Path, channels: int | None = None, dropout: float = 0.0) -> Seq2SeqNms:
    """Read a network from its weights, an .npz.

    Args:
        path: the file.
        channels: of the map, to make an FSeq2-NMS of a geometric network. Its new layers do not change the answers
            until they are trained.
        dropout: for a training that goes on from there.
    """
    with np.load(path, allow_pickle=False) as arrays:
        state = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    first = state.get("regions.conv_1.weight")
    if first is not None:
        channels = first.shape[1]
    network = Seq2SeqNms(dropout=dropout) if channels is None else FSeq2Nms(channels, dropout=dropout)
    if isinstance(network, FSeq2Nms) and first is None:
        state |= {f"regions.{name}": value for name, value in network.regions.state_dict().items()}
        state["appearance.0.weight"] = torch.zeros_like(state["appearance.0.weight"])
    load_checkpoint(network, state)
    return network.eval()
