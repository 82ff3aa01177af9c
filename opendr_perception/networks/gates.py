"""Labels that were added to a trained network, which keeps its answers: a gate asks first whether it is one of them.

Of K labels that are known with probabilities p, and of new ones, a layer over features says q, first of which is none:

    p'(known j) = q_0 p_j        p'(new k) = q_k

So nothing of the network changes, known labels compare with each other as before, and all that can be forgotten is what
is taken for one of the new labels. Gates stand behind each other where a network was taught more than once.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.emotion.compact import CompactNet


class Gates(nn.Module):
    """Gates one behind the other.

    Args:
        features: Numbers that they see.
        counts: New labels of each.
    """

    def __init__(self, features: int, counts: Sequence[int]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(features, 1 + count) for count in counts)

    @property
    def counts(self) -> tuple[int, ...]:
        """New labels of each gate."""
        return tuple(layer.out_features - 1 for layer in self.layers if isinstance(layer, nn.Linear))

    def forward(self, known: Tensor, features: Tensor) -> Tensor:
        """Logarithms of all probabilities (B, K + new, ...), by logits (B, K, ...) and features (B, features, ...)."""
        found = known.log_softmax(1)
        for layer in self.layers:
            said = layer(features.transpose(1, -1)).transpose(1, -1).log_softmax(1)
            found = torch.cat([found + said[:, :1], said[:, 1:]], 1)
        return found


class GatedClassifier(nn.Module):
    """A classifier over the channels of frames, with gates that see the same channels."""

    def __init__(self, known: nn.Module, gates: Gates) -> None:
        super().__init__()
        self.known, self.gates = known, gates

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, features, ...) to logits (B, K + new, ...)."""
        found: Tensor = self.gates(self.known(features), features)
        return found


class GatedCompactNet(nn.Module):
    """A network of expressions, with gates that see the middle of it, where the eyes still have a place of their own.

    Args:
        network: That is known.
        gates: Over `seen` features.
    """

    def __init__(self, network: CompactNet, gates: Gates) -> None:
        super().__init__()
        self.network, self.gates = network, gates

    def forward(self, faces: Tensor) -> Tensor:
        """Map (N, 1, 48, 48) in [-1, 1] to logits (N, K + new)."""
        middle, known = halves(self.network, faces)
        found: Tensor = self.gates(known, middle)
        return found


def halves(network: CompactNet, faces: Tensor) -> tuple[Tensor, Tensor]:
    """Features of faces (N, 1, 48, 48) that gates see, (N, features), and the logits of the network, (N, K)."""
    layers = [*network.layers]
    place = max(k for k, layer in enumerate(layers) if isinstance(layer, nn.Sequential))  # of the last stage
    x = faces
    for layer in layers[:place]:
        x = layer(x)
    middle = F.avg_pool2d(x, 2).flatten(1)
    for layer in layers[place:]:
        x = layer(x)
    return middle, network.expression(network.dropout(x.mean((2, 3))))
