"""Online detection of actions: which one goes on in this frame, and whether it has just begun [De Geest 2016].

A detector is the lower part of an `ActionTcn`, which sees less than a second, and a network over its features that sees
seconds. Of K actions there are 2 K scores: K of actions that go on, then K of actions that began within the last half
second; a softmax over all of them is one distribution, so what goes on and what begins never contradict each other.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from opendr_perception.networks.action.co_oad_tr import CoOadTr
from opendr_perception.networks.action.tcn import FRAME, ActionTcn
from opendr_perception.networks.co_transformer import causal_block
from opendr_perception.streaming.compose import Sequential

WINDOW = 64
"""Frames that a transformer looks at: 3.2 s."""
CHANNELS = 128
"""Of the networks over features."""
DILATIONS = (1, 2, 4, 8, 16)
"""Of the convolutional one, which sees 63 frames."""
LOCAL = (1, 2, 4)
"""Of the convolutions before the encoder of a `-local` transformer: a token tells of 15 frames."""


class Recurrent(nn.Module):
    """An LSTM or a GRU over features (B, C, T), to compare with: (B, scores, T).

    Args:
        cell: `nn.LSTM` or `nn.GRU`.
        features: Channels C of a frame.
        scores: Numbers of an answer.
    """

    def __init__(self, cell: type[nn.LSTM] | type[nn.GRU], features: int, scores: int) -> None:
        super().__init__()
        self.cell = cell(features, CHANNELS, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(CHANNELS, scores)

    def forward(self, clip: Tensor) -> Tensor:
        hidden, _ = self.cell(clip.transpose(1, 2))
        scores: Tensor = self.classifier(self.dropout(hidden))
        return scores.transpose(1, 2)


def _transformer(blocks: int, local: tuple[int, ...] = ()) -> Callable[[int, int], nn.Module]:
    return lambda features, scores: CoOadTr(
        features, scores, blocks, window=WINDOW, channels=CHANNELS, heads=4, hidden=2 * CHANNELS, dropout=0.2,
        local=local,
    )  # fmt: skip


def _convolutions(features: int, scores: int) -> nn.Module:
    blocks: OrderedDict[str, nn.Module] = OrderedDict(stem=nn.Conv1d(features, CHANNELS, 1))
    for number, dilation in enumerate(DILATIONS, 1):
        blocks[f"block{number}"] = causal_block(CHANNELS, dilation)
    blocks["dropout"] = nn.Dropout1d(0.2)
    blocks["classifier"] = nn.Conv1d(CHANNELS, scores, 1)
    return Sequential(blocks)


HEADS: Mapping[str, Callable[[int, int], nn.Module]] = {
    "co-oadtr-b1": _transformer(1),
    "co-oadtr-b2": _transformer(2),
    "co-oadtr-b1-local": _transformer(1, LOCAL),
    "co-oadtr-b2-local": _transformer(2, LOCAL),
    "lstm": lambda features, scores: Recurrent(nn.LSTM, features, scores),
    "gru": lambda features, scores: Recurrent(nn.GRU, features, scores),
    "tcn": _convolutions,
}
"""Networks over features, by name: from channels of a frame and numbers of an answer."""
STREAMED = ("co-oadtr-b1", "co-oadtr-b2", "co-oadtr-b1-local", "co-oadtr-b2-local", "tcn")
"""Those that can be exported."""


def head(name: str, features: int, actions: int) -> nn.Module:
    """Return a new network over features.

    Raises:
        ValueError: There is none of this name.
    """
    if name not in HEADS:
        raise ValueError(f"there is no network '{name}' over features: {', '.join(HEADS)}")
    return HEADS[name](features, 2 * actions)


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
    """A trunk and a streaming network over its features: frames (B, 5, 17, 1) to 2 K logits.

    Args:
        lower: See `trunk`.
        over: One of STREAMED.
    """

    over: Sequential

    def __init__(self, lower: Sequential, over: Sequential) -> None:
        super().__init__(OrderedDict(trunk=lower, over=over))
        self.frame_shape = FRAME


def parted(probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities of what goes on or begins, and of what begins: (B, 2 K, ...) to (B, K, ...) twice."""
    going, begun = torch.chunk(probabilities, 2, 1)
    return going + begun, begun
