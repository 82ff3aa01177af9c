"""Skeleton networks and baselines by name, on joints or on bones.

Two streams, one of joints and one of bones, are trained apart, and their probabilities are summed [Shi 2019].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from opendr_perception.networks.action.co_a_gcn import CoAGcn
from opendr_perception.networks.action.co_s_tr import CoSTr
from opendr_perception.networks.action.co_st_gcn import CoStGcn
from opendr_perception.networks.action.online import Recurrent
from opendr_perception.networks.action.skeletons import SKELETONS, Skeleton
from opendr_perception.networks.co_transformer import CoTransformer, causal_blocks
from opendr_perception.networks.emotion.nac_tcn import NacTcn
from opendr_perception.streaming.compose import Sequential

STREAMS = ("joints", "bones")
WIDTH = 64
"""Channels of the first blocks as published."""
CHANNELS = 96
"""Of the baselines."""


@dataclass(frozen=True)
class ClipShape:
    """Shape of clips (C, T, V, S), the number of actions, and whether all frames are labelled, or clips as a whole."""

    skeleton: str
    channels: int
    frames: int
    persons: int
    classes: int
    dense: bool = False

    @property
    def joints(self) -> int:
        """V."""
        return len(SKELETONS[self.skeleton].joints)

    @property
    def features(self) -> int:
        """Numbers of a frame."""
        return self.channels * self.joints * self.persons


class Flat(nn.Module):
    """A network over vectors (B, c, T) that takes skeletons (B, C, T, V, S), normalised."""

    def __init__(self, features: int, inner: nn.Module) -> None:
        super().__init__()
        self.norm, self.inner = nn.BatchNorm1d(features), inner

    def forward(self, clip: Tensor) -> Tensor:
        scores: Tensor = self.inner(self.norm(clip.permute(0, 1, 3, 4, 2).flatten(1, 3)))
        return scores


def _convolutions(shape: ClipShape) -> nn.Module:
    return Sequential(
        nn.Conv1d(shape.features, CHANNELS, 1),
        *causal_blocks(CHANNELS, (1, 2, 4, 8, 16)),
        nn.Conv1d(CHANNELS, shape.classes, 1),
    )


def _attention(shape: ClipShape) -> nn.Module:
    return NacTcn(shape.features, (CHANNELS,) * 4, 7, 2, outputs=shape.classes, squash=False)


def _transformer(shape: ClipShape) -> nn.Module:
    return CoTransformer(
        shape.features,
        shape.classes,
        channels=CHANNELS,
        heads=4,
        window=64,
        hidden=2 * CHANNELS,
        layers=2,
        mode="causal",
    )


def _graphs(kind: type[CoStGcn] | type[CoAGcn] | type[CoSTr], *, star: bool) -> Callable[[ClipShape, int], nn.Module]:
    def make(shape: ClipShape, width: int) -> nn.Module:
        return kind(
            shape.skeleton, shape.classes, persons=shape.persons, in_channels=shape.channels, width=width, star=star,
            frames=shape.frames, causal=shape.dense,
        )  # fmt: skip

    return make


def _flat(make: Callable[[ClipShape], nn.Module]) -> Callable[[ClipShape, int], nn.Module]:
    return lambda shape, width: Flat(shape.features, make(shape))


NETWORKS: Mapping[str, Callable[[ClipShape, int], nn.Module]] = {
    "co-st-gcn": _graphs(CoStGcn, star=False),
    "co-st-gcn-star": _graphs(CoStGcn, star=True),
    "co-a-gcn": _graphs(CoAGcn, star=False),
    "co-a-gcn-star": _graphs(CoAGcn, star=True),
    "co-s-tr": _graphs(CoSTr, star=False),
    "co-s-tr-star": _graphs(CoSTr, star=True),
    "gru": _flat(lambda shape: Recurrent(nn.GRU, shape.features, shape.classes)),
    "lstm": _flat(lambda shape: Recurrent(nn.LSTM, shape.features, shape.classes)),
    "tcn": _flat(_convolutions),
    "nac-tcn": _flat(_attention),
    "transformer": _flat(_transformer),
}
"""By name, from the shape of clips and the channels of the first blocks; baselines have their own size."""
BEGUN_WITH = {f"{name}-star": name for name in ("co-st-gcn", "co-a-gcn", "co-s-tr")}
"""Source of the weights that a network without padding and stride begins with, as in [Hedegaard 2023, sec. V]."""


def network(name: str, shape: ClipShape, width: int = WIDTH) -> nn.Module:
    """Return a new network from clips (B, C, T, V, S) to logits (B, classes, T').

    Raises:
        ValueError: There is none of this name.
    """
    if name not in NETWORKS:
        raise ValueError(f"there is no skeleton network '{name}': {', '.join(NETWORKS)}")
    return NETWORKS[name](shape, width)


def bones(clip: Tensor, skeleton: Skeleton, axes: int) -> Tensor:
    """Bones of clips (B, C, T, V, S): each joint minus its neighbour nearer to the centre, 0 at the centre.

    The first `axes` channels are places; scores behind them become those of the worse end, and the rest is kept.
    """
    found = clip.clone()
    found[:, :axes] = 0
    ends = torch.tensor([joint for joint, _ in skeleton.inward]), torch.tensor([near for _, near in skeleton.inward])
    found[:, :axes, :, ends[0]] = clip[:, :axes, :, ends[0]] - clip[:, :axes, :, ends[1]]
    if clip.shape[1] > axes:
        score = torch.minimum(clip[:, axes, :, ends[0]], clip[:, axes, :, ends[1]])
        found[:, axes, :, ends[0]] = score
        found[:, :axes, :, ends[0]] *= (score > 0).unsqueeze(1)
    return found
