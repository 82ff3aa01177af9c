"""Weights of the action network, as its training writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opendr_perception.networks.action.tcn import ActionTcn
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.common.weights import fill, read


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
    fill(network, state, path)
    return network, card
