"""GossipNet: overlapping boxes tell each other what they know, round by round [Hosang 2017, Learning non-maximum
suppression]: the baseline of learned suppression."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.nms.seq2seq import GEOMETRY, PairGraph

OWN, SHORT, PAIR = 128, 32, 256
"""Numbers of a box, of it and of a pair within a round, and of the first layers of a pair, as published."""


class GossipNms(nn.Module):
    """Scores of boxes by rounds of gossip among those that overlap by 0.2 or more, as published.

    It is given the same 14 numbers of each pair as Seq2Seq-NMS; the nine of the publication (scores, overlap, distance,
    ratios of sides and shapes) follow from them.

    Args:
        rounds: blocks in a row; 16, as published, by default.
    """

    def __init__(self, rounds: int = 16) -> None:
        super().__init__()
        self.pairs = nn.Sequential(
            nn.Linear(GEOMETRY, PAIR), nn.ReLU(), nn.Linear(PAIR, PAIR), nn.ReLU(), nn.Linear(PAIR, SHORT), nn.ReLU()
        )
        self.rounds = nn.ModuleList(GossipRound() for _ in range(rounds))
        self.head = nn.Sequential(nn.Linear(OWN, OWN), nn.ReLU(), nn.Linear(OWN, OWN), nn.ReLU(), nn.Linear(OWN, 1))

    def forward(self, graph: PairGraph) -> Tensor:
        """Logits (N,) that each box is the one of its person."""
        pairs = self.pairs(compressed(graph.keys))
        boxes = graph.queries.new_zeros(graph.queries.shape[0], OWN)  # nothing is known of them but by their pairs
        for turn in self.rounds:
            boxes = turn(boxes, pairs, graph)
        logits: Tensor = self.head(boxes).squeeze(1)
        return logits


class GossipRound(nn.Module):
    """One block: each pair looks at both of its boxes, each box takes the largest of what its pairs say."""

    def __init__(self) -> None:
        super().__init__()
        self.shorten = nn.Linear(OWN, SHORT)
        self.context = nn.Sequential(nn.Linear(3 * SHORT, SHORT), nn.ReLU(), nn.Linear(SHORT, SHORT), nn.ReLU())
        self.after = nn.Sequential(nn.Linear(SHORT, SHORT), nn.ReLU(), nn.Linear(SHORT, OWN))

    def forward(self, boxes: Tensor, pairs: Tensor, graph: PairGraph) -> Tensor:
        """New numbers (N, 128) of the boxes, from theirs and from those (E, 32) of the pairs."""
        short = F.relu(self.shorten(boxes))
        neighbour = short.index_select(0, graph.columns)
        neighbour = neighbour * (graph.rows != graph.columns)[:, None]  # a box is no neighbour of itself
        said = self.context(torch.cat([pairs, short.index_select(0, graph.rows), neighbour], 1))
        largest = said.new_zeros(boxes.shape[0], SHORT)
        largest = largest.scatter_reduce(0, graph.rows[:, None].expand_as(said), said, "amax")
        updated: Tensor = F.relu(boxes + self.after(largest))
        return updated


def compressed(features: Tensor) -> Tensor:
    """Features with their large values, as ratios of areas have, made small: sign(x) log(1 + |x|)."""
    return features.sign() * features.abs().log1p()
