"""Seq2Seq-NMS and its variants: attention among overlapping boxes says which of them is the one of its person.

The same network takes three kinds of appearance: none (Seq2Seq-NMS_geom), edge statistics (Seq2Seq-NMS) and regions of
the detector's feature map (FSeq2-NMS). It sees only pairs of boxes that overlap, as a list of edges: all other pairs
have no weight in its attention, so that the answers are the same as those of the published form over all pairs
(`dense_nms.py`), at a fraction of the cost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.nms.regions import APPEARANCE, RegionEncoder

GEOMETRY = 14
"""Geometric features of a pair of boxes."""
EMBEDDING = 180
HEADS = 2
EPSILON = 1e-6


@dataclass(frozen=True)
class NmsSize:
    """Widths of a network.

    Args:
        long: of what is known of a box.
        short: of what is known of a pair.
        units: joint processing units in a row.
        appearance: numbers that describe how a box looks; the light descriptor has fewer scales.
    """

    long: int
    short: int
    units: int
    appearance: int = APPEARANCE


SIZES = {"light": NmsSize(160, 80, 2, 75), "medium": NmsSize(256, 128, 4), "full": NmsSize(320, 160, 4)}


class PairGraph(NamedTuple):
    """Boxes, best first, and the pairs of them that overlap.

    Args:
        queries: (N, 14) geometric features of each box with itself.
        keys: (E, 14) of each pair: what the box of the column is to the box of the row.
        rows, columns: (E,) int64, the boxes of each pair; each box is also a pair with itself.
        weights: (E,) factors of the attention's logits.
    """

    queries: Tensor
    keys: Tensor
    rows: Tensor
    columns: Tensor
    weights: Tensor


class Seq2SeqNms(nn.Module):
    """Scores of boxes from their geometry and appearance [Symeonidis 2023, Seq2Seq-NMS].

    Args:
        size: widths; medium, as published, by default.
        dropout: in the joint processing units; embeddings use a quarter of it.
    """

    published_names: Sequence[tuple[str, str]] = (
        (r"^joint_processing_units\.", "units."),
        (r"\.self_attention_module\.q_out\.", ".attention.output."),
        (r"\.self_attention_module\.(q|k|v)_linear\.", r".attention.\1."),
        (r"\.attention\.q\.", ".attention.query."),
        (r"\.attention\.k\.", ".attention.key."),
        (r"\.attention\.v\.", ".attention.value."),
        (r"\.scale_layer\.scale_weights$", ".refresh"),
        (r"\.norm_layer_q\.", ".query_norm."),
        (r"\.norm_layer_k\.", ".key_norm."),
        (r"\.q_block1\.", ".shorten."),
        (r"\.q_block2\.", ".lengthen."),
        (r"^q_app_layers\.", "appearance."),
        (r"^(q|k)_geom_layers\.", r"\1_geometry."),
        (r"^(q|k)_full_layers\.", r"\1_join."),
        (r"^q_final_layers\.", "head."),
        (r"^(conv_1|conv_2|linear)\.", r"regions.\1."),
    )

    def __init__(self, size: NmsSize = SIZES["medium"], dropout: float = 0.025) -> None:
        super().__init__()
        self.size = size
        light = dropout / 4
        self.appearance = nn.Sequential(
            nn.Linear(size.appearance, EMBEDDING),
            nn.GELU(),
            nn.Dropout(light),
            nn.LayerNorm(EMBEDDING, eps=EPSILON),
            nn.Linear(EMBEDDING, EMBEDDING),
            nn.GELU(),
            nn.Dropout(light),
        )
        self.q_geometry = _geometry(light)
        self.k_geometry = _geometry(light)
        self.q_join = _layer(2 * EMBEDDING, size.long, light)
        self.k_join = _layer(2 * EMBEDDING, size.short, light)
        self.units = nn.ModuleList(JointProcessingUnit(size, dropout) for _ in range(size.units))
        self.head = nn.Sequential(
            *_layer(size.long, size.short, light), nn.LayerNorm(size.short, eps=EPSILON), nn.Linear(size.short, 1)
        )
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(self, graph: PairGraph, appearance: Tensor | None = None) -> Tensor:
        """Logits (N,) that each box is the one of its person.

        Args:
            graph: of the boxes.
            appearance: (N, 315), or as wide as the size says; none for Seq2Seq-NMS_geom, which is zeros for every box.
        """
        if appearance is None:
            appearance = graph.queries.new_zeros(1, self.size.appearance)
        looks = self.appearance(appearance).expand(graph.queries.shape[0], -1)
        queries = self.q_join(torch.cat([self.q_geometry(graph.queries), looks], 1))
        keys = join_pairs(self.k_join, self.k_geometry(graph.keys), looks, graph.columns)
        for unit in self.units:
            queries, keys = unit(queries, keys, graph)
        return self.head(queries).squeeze(1)


class JointProcessingUnit(nn.Module):
    """Lets each box look at its neighbours, and tells the neighbours' neighbours what came of it.

    Args:
        size: widths.
        dropout: everywhere in it.
    """

    def __init__(self, size: NmsSize, dropout: float) -> None:
        super().__init__()
        self.shorten = _layer(size.long, size.short, dropout)
        self.query_norm = nn.LayerNorm(size.short, eps=EPSILON)
        self.key_norm = nn.LayerNorm(size.short, eps=EPSILON)
        self.attention = EdgeAttention(size.short, dropout)
        self.refresh = nn.Parameter(torch.empty(size.short).uniform_(0.01, 2.0))
        self.lengthen = _layer(size.short, size.long, dropout)

    def forward(self, queries: Tensor, keys: Tensor, graph: PairGraph) -> tuple[Tensor, Tensor]:
        """New queries (N, long) and keys (E, short)."""
        short = self.shorten(queries)
        short = short + self.attention(self.query_norm(short), self.key_norm(keys), graph)
        return queries + self.lengthen(short), keys + (self.refresh * short).index_select(0, graph.columns)


class EdgeAttention(nn.Module):
    """Multi-head attention of each box to its neighbours; keys are values too.

    Projections of keys and values are applied on the boxes' side, where they are linear and there are far fewer boxes
    than pairs: q . (K x) = (K' q) . x, and a sum of V x is V of the sum.

    Args:
        width: of queries and keys.
        dropout: of attention weights and output.
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.output = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Dropout(dropout))
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries: Tensor, keys: Tensor, graph: PairGraph) -> Tensor:
        """Update (N, width) of each box from its neighbours; queries (N, width), keys (E, width)."""
        boxes, width = queries.shape[0], self.key.in_features
        query = self.query(queries).view(boxes, HEADS, -1) / math.sqrt(width // HEADS)
        projected = torch.einsum("nhd,hdw->nhw", query, self.key.weight.view(HEADS, -1, width))
        offset = (query * self.key.bias.view(HEADS, -1)).sum(2)
        logits = projected.index_select(0, graph.rows) @ keys[:, :, None]
        logits = logits.squeeze(2) + offset.index_select(0, graph.rows)
        shares = self.dropout(segment_softmax(logits * graph.weights[:, None], graph.rows, boxes))
        spread = (shares[:, :, None] * keys[:, None]).flatten(1)
        gathered = segment_sum(spread, graph.rows, boxes).view(boxes, HEADS, width)
        values = torch.einsum("nhw,hdw->nhd", gathered, self.value.weight.view(HEADS, -1, width))
        total = segment_sum(shares, graph.rows, boxes)
        values = values + total[:, :, None] * self.value.bias.view(HEADS, -1)
        attended: Tensor = self.output(values.flatten(1))
        return attended


def join_pairs(layer: nn.Sequential, pairs: Tensor, boxes: Tensor, columns: Tensor) -> Tensor:
    """The layer (normalise, project, ...) on each pair's numbers (E, C) beside those (N, C) of the box of its column.

    As in EdgeAttention, what is linear in the boxes' numbers is computed once for each box. The mean and the deviation,
    by which the normalisation divides, come from sums.
    """
    norm, linear = layer[0], layer[1]
    assert isinstance(norm, nn.LayerNorm)
    assert isinstance(linear, nn.Linear)
    weight = linear.weight * norm.weight
    own, other = weight.split(EMBEDDING, 1)
    count = 2 * EMBEDDING
    mean = (pairs.sum(1) + boxes.sum(1).index_select(0, columns)) / count
    square = (pairs.square().sum(1) + boxes.square().sum(1).index_select(0, columns)) / count
    scale = (square - mean.square() + norm.eps).rsqrt()[:, None]
    projected = F.linear(pairs, own) + F.linear(boxes, other).index_select(0, columns) - mean[:, None] * weight.sum(1)
    joined: Tensor = layer[2:](projected * scale + F.linear(norm.bias, linear.weight, linear.bias))
    return joined


def segment_sum(values: Tensor, segments: Tensor, count: int) -> Tensor:
    """Sum rows (E, C) that belong to the same one of `count` segments: (count, C)."""
    return values.new_zeros(count, values.shape[1]).index_add(0, segments, values)


def segment_softmax(logits: Tensor, segments: Tensor, count: int) -> Tensor:
    """Softmax (E, H) among the rows of each segment."""
    fixed = logits.detach()
    lowest = fixed.new_full((count, logits.shape[1]), -1e9)
    peaks = lowest.scatter_reduce(0, segments[:, None].expand_as(fixed), fixed, "amax")
    exponentials = (logits - peaks.index_select(0, segments)).exp()
    return exponentials / segment_sum(exponentials, segments, count).index_select(0, segments)


class FSeq2Nms(Seq2SeqNms):
    """Seq2Seq-NMS that looks at the detector's own features [Symeonidis 2023, FSeq2-NMS].

    Args:
        channels: of the detector's map.
        size: widths.
        dropout: as in Seq2SeqNms.
    """

    def __init__(self, channels: int, size: NmsSize = SIZES["medium"], dropout: float = 0.025) -> None:
        super().__init__(size, dropout)
        self.regions = RegionEncoder(channels, size.appearance)

    def forward_map(self, graph: PairGraph, features: Tensor, boxes: Tensor) -> Tensor:
        """Logits (N,) of boxes (N, 4), given as fractions of the map (C, h, w)."""
        return self(graph, self.regions(features, boxes))


def _geometry(dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(GEOMETRY, EMBEDDING),
        nn.GELU(),
        nn.LayerNorm(EMBEDDING, eps=EPSILON),
        nn.Linear(EMBEDDING, EMBEDDING),
        nn.GELU(),
        nn.Dropout(dropout),
    )


def _layer(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(inputs, eps=EPSILON), nn.Linear(inputs, outputs), nn.GELU(), nn.Dropout(dropout))
