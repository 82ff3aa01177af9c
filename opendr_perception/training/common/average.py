"""Average the weights of trainings that went on from one network, which is often better than any [Wortsman 2022].

`python -m opendr_perception.training.common.average OUTPUT.npz FIRST.npz SECOND.npz ...`
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor

from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.weights import read, write

OWN = ("command", "python", "torch")
"""Entries of a card that tell how one training was made, and may differ."""


def averaged(paths: Sequence[Path]) -> tuple[dict[str, Tensor], dict[str, object]]:
    """The mean of the weights of several files, and their card.

    Raises:
        ValueError: There are fewer than two, or they are of different networks.
    """
    if len(paths) < 2:
        raise ValueError("two files of weights, or more, have a mean")
    found = [read(path) for path in paths]
    (first, card), *others = found
    for path, (state, other) in zip(paths[1:], others, strict=True):
        shapes = {name: value.shape for name, value in state.items()}
        if shapes != {name: value.shape for name, value in first.items()} or _kind(other) != _kind(card):
            raise ValueError(f"{path} is of another network than {paths[0]}")
    mean = {name: _mean([state[name] for state, _ in found]) for name in first}
    return mean, {**card, "command": f"the mean of: {'; '.join(str(each.get('command')) for _, each in found)}"}


def _kind(card: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in card.items() if name not in OWN}


def _mean(values: Sequence[Tensor]) -> Tensor:
    """The mean; of counters the first."""
    return torch.stack(list(values)).mean(0) if values[0].is_floating_point() else values[0]


def main(
    output: Annotated[Path, typer.Argument(help="The .npz to write, its card beside it.")],
    weights: Annotated[list[Path], typer.Argument(help="The .npz files of trainings from one beginning.")],
) -> None:
    """Write the mean of weights, with its card."""
    state, card = averaged(weights)
    write(state, output, card)


if __name__ == "__main__":
    run_command(main)
