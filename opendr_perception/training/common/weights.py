"""Files of trained networks: arrays in an .npz, and a card in a .yaml beside it that says what they are."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import nn

from opendr_perception.arrays import open_arrays
from opendr_perception.files import replacing, write_text


def versions() -> dict[str, str]:
    """Versions of Python and torch, for the card of a network."""
    return {"python": platform.python_version(), "torch": str(torch.__version__)}


def save(network: nn.Module, path: Path, card: dict[str, object]) -> None:
    """Write the weights of a network to `path`, an .npz, and the card beside it."""
    write(network.state_dict(), path, card)


def write(state: Mapping[str, torch.Tensor], path: Path, card: dict[str, object]) -> None:
    """Write weights by name to `path`, an .npz, and the card beside it."""
    with replacing(path, ".npz") as unfinished:
        arrays: dict[str, Any] = {name: value.cpu().numpy() for name, value in state.items()}
        np.savez_compressed(unfinished, **arrays)
    write_text(path.with_suffix(".yaml"), yaml.safe_dump(card, sort_keys=False, width=120, allow_unicode=True))


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read weights and their card.

    Args:
        path: The .npz; the card is the .yaml beside it.
    """
    card = yaml.safe_load(path.with_suffix(".yaml").read_text(encoding="utf-8"))
    with open_arrays(path) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}, card


def fill(network: nn.Module, state: dict[str, torch.Tensor], path: Path) -> None:
    """Give a network the weights that were read from `path`, and put it in evaluation mode.

    Raises:
        ValueError: They are of another network.
    """
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"{path} does not fit the network: {str(error).splitlines()[-1].strip()}") from error
    network.eval()
