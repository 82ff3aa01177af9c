"""Files of trained networks: arrays in an .npz, and a card in a .yaml beside it that says what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import nn

from opendr_perception.files import replacing, write_text
from opendr_perception.networks.action.tcn import ActionTcn
from opendr_perception.tasks.action import skeleton


def save(network: nn.Module, path: Path, card: dict[str, Any]) -> None:
    """Write the weights to `path`, an .npz, and the card beside it."""
    with replacing(path, ".npz") as unfinished:
        np.savez_compressed(unfinished, **{name: value.cpu().numpy() for name, value in network.state_dict().items()})
    write_text(path.with_suffix(".yaml"), yaml.safe_dump(card, sort_keys=False, width=120, allow_unicode=True))


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read weights and their card.

    Args:
        path: The .npz; the card is the .yaml beside it.
    """
    card = yaml.safe_load(path.with_suffix(".yaml").read_text(encoding="utf-8"))
    with np.load(path, allow_pickle=False) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}, card


def load(path: Path) -> tuple[ActionTcn, dict[str, Any]]:
    """Read an action network and its card.

    Args:
        path: The .npz; the card is the .yaml beside it.

    Raises:
        ValueError: The weights are for other frames than `tasks.action.skeleton` makes, or for another network.
    """
    state, card = read(path)
    if card.get("frames_version") != skeleton.VERSION:
        raise ValueError(f"{path} is for frames of version {card.get('frames_version')}, not {skeleton.VERSION}")
    network = ActionTcn(len(card["labels"]), card["width"])
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"{path} does not fit the network: {str(error).splitlines()[-1].strip()}") from error
    return network.eval(), card
