"""Online detection of actions: which one goes on in this frame, and whether it has just begun [De Geest 2016].

A detector is the lower part of another network, which sees about a second of skeletons or of video, and a network over
its features that sees seconds. Of K actions there are 2 K scores: K of actions that go on, then K of actions that began
within the last half second; a softmax over all of them is one distribution, so what goes on and what begins never
contradict each other.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from opendr_perception.networks.action.co_oad_tr import CoOadTr
from opendr_perception.networks.action.tcn import FRAME, ActionTcn
from opendr_perception.networks.co_transformer import causal_blocks
from opendr_perception.streaming.channel import Linear
from opendr_perception.streaming.compose import Sequential
from opendr_perception.streaming.contract import Streaming

WINDOW = 64
"""Frames that a network over features looks at, by default: 3.2 s of skeletons."""
CHANNELS = 128
"""Of the networks over features."""
LOCAL = (1, 2, 4)
"""Dilations of the convolutions that come first in a `-local` network: what follows is told of 15 frames at once."""

Head = Callable[[int, int, int], nn.Module]
"""Makes a network from channels of a frame, numbers of an answer, and frames of the window."""


class Recurrent(nn.Module):
    """An LSTM or a GRU over features (B, C, T), to compare with: (B, scores, T).

    Args:
        cell: `nn.LSTM` or `nn.GRU`.
        features: Channels C of a frame.
        scores: Numbers of an answer.
        local: Dilations of causal convolutions before the cell.
    """

    def __init__(
        self, cell: type[nn.LSTM] | type[nn.GRU], features: int, scores: int, local: tuple[int, ...] = ()
    ) -> None:
        super().__init__()
        self.local = Sequential(Linear(features, CHANNELS), *causal_blocks(CHANNELS, local)) if local else Sequential()
        self.cell = cell(CHANNELS if local else features, CHANNELS, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(CHANNELS, scores)

    def forward(self, clip: Tensor) -> Tensor:
        hidden, _ = self.cell(self.local(clip).transpose(1, 2))
        scores: Tensor = self.classifier(self.dropout(hidden))
        return scores.transpose(1, 2)


def _recurrent(cell: type[nn.LSTM] | type[nn.GRU], local: tuple[int, ...] = ()) -> Head:
    return lambda features, scores, window: Recurrent(cell, features, scores, local)


def _transformer(blocks: int, local: tuple[int, ...] = ()) -> Head:
    return lambda features, scores, window: CoOadTr(
        features, scores, blocks, window=window, channels=CHANNELS, heads=4, hidden=2 * CHANNELS, dropout=0.2,
        local=local,
    )  # fmt: skip


def _convolutions(features: int, scores: int, window: int) -> nn.Module:
    """Dilated convolutions that see, all together, one frame less than a window of a power of two."""
    dilations = tuple(2**k for k in range(int(math.log2(window)) - 1))
    return Sequential(
        OrderedDict(
            stem=nn.Conv1d(features, CHANNELS, 1),
            **dict(causal_blocks(CHANNELS, dilations).named_children()),
            dropout=nn.Dropout1d(0.2),
            classifier=nn.Conv1d(CHANNELS, scores, 1),
        )
    )


HEADS: Mapping[str, Head] = {
    "co-oadtr-b1": _transformer(1),
    "co-oadtr-b2": _transformer(2),
    "co-oadtr-b1-local": _transformer(1, LOCAL),
    "co-oadtr-b2-local": _transformer(2, LOCAL),
    "lstm": _recurrent(nn.LSTM),
    "gru": _recurrent(nn.GRU),
    "lstm-local": _recurrent(nn.LSTM, LOCAL),
    "gru-local": _recurrent(nn.GRU, LOCAL),
    "tcn": _convolutions,
}
"""Networks over features, by name."""
STREAMED = ("co-oadtr-b1", "co-oadtr-b2", "co-oadtr-b1-local", "co-oadtr-b2-local", "tcn")
"""Those that can be exported."""


def head(name: str, features: int, actions: int, window: int = WINDOW) -> nn.Module:
    """Return a new network over features.

    Args:
        name: One of HEADS.
        features: Channels of a frame.
        actions: Number K of actions.
        window: Frames that it looks at; a recurrent one forgets by itself.

    Raises:
        ValueError: There is none of this name.
    """
    if name not in HEADS:
        raise ValueError(f"there is no network '{name}' over features: {', '.join(HEADS)}")
    return HEADS[name](features, 2 * actions, window)


def trunk(network: ActionTcn, blocks: int) -> Sequential:
    """Return the first blocks of an action network: frames (B, 5, T, 17, 1) to features (B, width, T), causal.

    Raises:
        ValueError: It has fewer.
    """
    if not 0 <= blocks <= len(network.dilations):
        raise ValueError(f"the network has {len(network.dilations)} blocks, not {blocks}")
    names = [name for name, _ in network.layers.named_children()]
    count = names.index(f"block{blocks}" if blocks else "stem_relu") + 1
    lower = Sequential(OrderedDict([*network.layers.named_children()][:count]))
    lower.frame_shape = FRAME
    return lower


def rest(network: ActionTcn, blocks: int) -> nn.Module:
    """Return what follows a trunk in its own network: features (B, width, T) to logits (B, K, T)."""
    return nn.Sequential(*[*network.layers.children()][len(trunk(network, blocks)) :])


class OnlineDetector(Sequential):
    """A trunk and a streaming network over its features: frames to 2 K logits.

    Args:
        lower: See `trunk`, or `networks.activity.trunk`.
        over: One of STREAMED.
    """

    trunk: Streaming
    over: Streaming

    def __init__(self, lower: Streaming, over: Streaming) -> None:
        super().__init__(OrderedDict(trunk=lower, over=over))
        self.frame_shape = lower.frame_shape

    def for_inference(self) -> OnlineDetector:
        """The same with the trunk's cheaper form."""
        return OnlineDetector(self.trunk.for_inference(), self.over).eval()


def parted(probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities of what goes on or begins, and of what begins: (B, 2 K, ...) to (B, K, ...) twice."""
    going, begun = torch.chunk(probabilities, 2, 1)
    return going + begun, begun
