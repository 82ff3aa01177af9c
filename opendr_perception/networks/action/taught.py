"""Action networks that were taught, each beside those before it, which keep their answers about what they know.

Of K labels that are known with probabilities p, the network that has learned more says q, of these and of new ones:

    p'(known j) = (Σ_i q_i) p_j        p'(new k) = q_k

So known labels compare with each other as before, as behind the gates of `networks.gates`. Here the gate is a network
of its own: the features of the old one say too little of movements that it has no name for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from opendr_perception.networks.action.tcn import FRAME, ActionTcn
from opendr_perception.streaming.compose import Parallel, Sequential


class Deferring(nn.Module):
    """Leave to each network what it was the first to know.

    Args:
        counts: Labels of each network, the first of which are those of the one before.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        super().__init__()
        self.counts = tuple(counts)

    def forward(self, logits: Tensor) -> Tensor:
        """Map the logits of all networks (B, sum of counts, T) to logarithms of probabilities (B, last count, T)."""
        first, *others = (part.log_softmax(1) for part in logits.split(self.counts, 1))
        for said in others:
            known = first.shape[1]
            first = torch.cat([first + said[:, :known].logsumexp(1, keepdim=True), said[:, known:]], 1)
        return first


class TaughtTcn(Sequential):
    """Networks that see the same frames (B, 5, 17, 1), and one answer of all.

    Args:
        members: The first one, and those that were taught after it, each with the labels of the one before and more.
    """

    def __init__(self, members: Sequence[ActionTcn]) -> None:
        branches = OrderedDict[str, nn.Module]((f"network{k}", member) for k, member in enumerate(members, 1))
        super().__init__(
            OrderedDict(
                networks=Parallel(branches, "concat", align="newest"),
                deferring=Deferring([member.num_classes for member in members]),
            )
        )
        self.members = (*members,)
        self.frame_shape = FRAME
        self.num_classes, self.width = members[-1].num_classes, members[-1].width


ActionNetwork = ActionTcn | TaughtTcn


def members_of(network: ActionNetwork) -> tuple[ActionTcn, ...]:
    """Return the networks that an action network consists of, the newest one last."""
    return network.members if isinstance(network, TaughtTcn) else (network,)
