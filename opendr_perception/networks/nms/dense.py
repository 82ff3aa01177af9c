"""Seq2Seq-NMS over all pairs of boxes, step by step as it was published: the oracle of `seq2seq_nms.py`."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from opendr_perception.networks.nms.seq2seq import HEADS, JointProcessingUnit, Seq2SeqNms


def dense_logits(
    network: Seq2SeqNms, queries: Tensor, keys: Tensor, mask: Tensor, appearance: Tensor | None = None
) -> Tensor:
    """Output of the network when all N * N pairs are computed.

    Args:
        network: in evaluation mode.
        queries: (N, 14).
        keys: (N, N, 14).
        mask: (N, N) factors of the attention's logits; 0 where boxes do not overlap.
        appearance: (N, 315), zeros by default.

    Returns:
        Logits (N,).
    """
    count = len(queries)
    if appearance is None:
        appearance = queries.new_zeros(count, network.size.appearance)
    looks = network.appearance(appearance)
    query = network.q_join(torch.cat([network.q_geometry(queries), looks], 1))
    key = network.k_join(torch.cat([network.k_geometry(keys), looks.expand(count, count, -1)], 2))
    for unit in network.units:
        assert isinstance(unit, JointProcessingUnit)
        short = unit.shorten(query)
        short = short + _attend(unit, unit.query_norm(short), unit.key_norm(key), mask)
        key = key + unit.refresh * short  # the same for all rows
        query = query + unit.lengthen(short)
    return network.head(query).squeeze(1)


def _attend(unit: JointProcessingUnit, queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
    attention, (count, width) = unit.attention, queries.shape
    query = attention.query(queries).view(count, 1, HEADS, -1)
    key = attention.key(keys).view(count, count, HEADS, -1)
    value = attention.value(keys).view(count, count, HEADS, -1)
    logits = (query * key).sum(3) / math.sqrt(width // HEADS) * mask[..., None]
    shares = logits.masked_fill(mask[..., None] == 0, -1e9).softmax(1)
    gathered = (shares[..., None] * value).sum(1)
    attended: Tensor = attention.output(gathered.flatten(1))
    return attended
