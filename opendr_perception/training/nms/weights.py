"""Weights of suppression networks, as trainings write them.

`python -m opendr_perception.training.nms.weights MEAN.npz WEIGHTS...` takes the mean of several.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import torch
import typer

from opendr_perception.arrays import open_arrays
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.nms.gossip import GossipNms
from opendr_perception.networks.nms.seq2seq import FSeq2Nms, Seq2SeqNms
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.weights import save
from opendr_perception.training.nms.examples import NmsNetwork

GOSSIP = Path(__file__).resolve().with_name("gossip.npz")
"""GossipNet of this package, to compare with; half precision, in the source tree only."""


def load(path: Path, channels: int | None = None, dropout: float = 0.0) -> NmsNetwork:
    """Read a network from its weights, an .npz.

    Args:
        path: the file.
        channels: of the map, to make an FSeq2-NMS of a geometric network. Its new layers do not change the answers
            until they are trained.
        dropout: for a training that goes on from there.

    Raises:
        FileNotFoundError: there is no such file; GossipNet's is in the source tree only.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path}; weights to compare with are in the source tree, not installed")
    with open_arrays(path) as arrays:
        state = {name: torch.from_numpy(arrays[name]) for name in arrays}
    if "pairs.0.weight" in state:
        return _gossip(state)
    first = state.get("regions.conv_1.weight")
    if first is not None:
        channels = first.shape[1]
    network = Seq2SeqNms(dropout=dropout) if channels is None else FSeq2Nms(channels, dropout=dropout)
    if isinstance(network, FSeq2Nms) and first is None:
        state |= {f"regions.{name}": value for name, value in network.regions.state_dict().items()}
        state["appearance.0.weight"] = torch.zeros_like(state["appearance.0.weight"])
    load_checkpoint(network, state)
    return network.eval()


def _gossip(state: dict[str, torch.Tensor]) -> GossipNms:
    """Return a GossipNet with as many rounds as its weights have."""
    gossip = GossipNms(1 + max(int(name.split(".")[1]) for name in state if name.startswith("rounds.")))
    gossip.load_state_dict({name: value.float() for name, value in state.items()})
    return gossip.eval()


def mean(networks: Sequence[NmsNetwork]) -> NmsNetwork:
    """A network with the mean of the weights of others of its kind.

    Where these went on from one another, it often is more precise than each [Wortsman 2022, Model soups].
    """
    states = [network.state_dict() for network in networks]
    networks[0].load_state_dict({name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]})
    return networks[0]


def main(
    path: Annotated[Path, typer.Argument(help="The .npz file to write.")],
    weights: Annotated[list[Path], typer.Argument(help="Of trainings that went on from one another.")],
) -> None:
    """Write the mean of weights."""
    save(mean([load(file) for file in weights]), path, {"mean_of": [file.name for file in weights]})


if __name__ == "__main__":
    run_command(main)
