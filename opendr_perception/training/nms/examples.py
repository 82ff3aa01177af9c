"""Training examples of suppression networks: candidates of a scene, which of them are right, and what an error
costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from opendr_perception.networks.nms.gossip import GossipNms
from opendr_perception.networks.nms.seq2seq import FSeq2Nms, PairGraph, Seq2SeqNms
from opendr_perception.tasks.nms import BoxGraph, build_graph, pairwise_iou
from opendr_perception.training.nms.simulate import CrowdScene

NmsNetwork = Seq2SeqNms | GossipNms
"""Networks that can be trained."""
ALPHA = 0.1
"""Share of the whole weight that the right boxes have."""


@dataclass(frozen=True)
class Example:
    """The candidates of a scene, as networks see them.

    Args:
        graph: of N candidates.
        overlaps: (N, G) their intersection over union with people.
        features: (C, h, w) the detector's map, where there is one.
        places: (N, 4) boxes as fractions of the map.
    """

    graph: PairGraph
    overlaps: np.ndarray
    features: Tensor | None = None
    places: Tensor | None = None

    @classmethod
    def of(cls, scene: CrowdScene) -> Example:
        """The example that a scene is."""
        graph = as_tensors(build_graph(scene.boxes, scene.scores, scene.size))
        overlaps = pairwise_iou(scene.boxes, scene.people)
        if scene.features is None:
            return cls(graph, overlaps)
        places = torch.from_numpy(scene.features.places(scene.boxes))
        return cls(graph, overlaps, torch.from_numpy(scene.features.values), places)

    def thin(self, kept: np.ndarray) -> Example:
        """With some of the candidates, by a mask (N,)."""
        places = None if self.places is None else self.places[torch.from_numpy(kept)]
        return Example(thin(self.graph, kept), self.overlaps[kept], self.features, places)

    def logits(self, network: NmsNetwork) -> Tensor:
        """Logits of the network (N,)."""
        if isinstance(network, FSeq2Nms):
            if self.features is None or self.places is None:
                raise ValueError("FSeq2-NMS learns from images only: scenes of boxes have no feature map")
            return network.forward_map(self.graph, self.features, self.places)
        logits: Tensor = network(self.graph)
        return logits


def as_tensors(graph: BoxGraph) -> PairGraph:
    """The graph for torch."""
    return PairGraph(*(torch.from_numpy(getattr(graph, name)) for name in PairGraph._fields))


def thin(graph: PairGraph, kept: np.ndarray) -> PairGraph:
    """The graph of some of the boxes, by a mask (N,)."""
    mask = torch.from_numpy(kept)
    number = mask.cumsum(0) - 1
    edges = mask[graph.rows] & mask[graph.columns]
    rows, columns = number[graph.rows[edges]], number[graph.columns[edges]]
    return PairGraph(graph.queries[mask], graph.keys[edges], rows, columns, graph.weights[edges])


def match(scores: np.ndarray, overlaps: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Match boxes with people: by descending score, each takes the free person whom it overlaps most.

    Args:
        scores: (N,) that the network gives now.
        overlaps: (N, G) intersection over union with people.
        threshold: that the overlap must exceed.

    Returns:
        (N,) numbers of people; -1 for boxes that are wrong.
    """
    owners = np.full(len(scores), -1)
    left = np.where(overlaps > threshold, overlaps, 0.0)
    for place in np.argsort(-scores, kind="stable"):
        if left.shape[1] and left[place].max() > 0:
            owners[place] = left[place].argmax()
            left[:, owners[place]] = 0
    return owners


def class_weights(counts: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Weights of right and of wrong boxes, from the numbers of candidates and people of each image."""
    right = sum(min(boxes, people) for boxes, people in counts)
    wrong = sum(max(0, boxes - people) for boxes, people in counts)
    return ALPHA * (right + wrong) / max(right, 1), (1 - ALPHA) * (right + wrong) / max(wrong, 1)


def loss_of(logits: Tensor, right: np.ndarray, weights: tuple[float, float], smoothing: float) -> Tensor:
    """Weighted binary cross entropy, summed over the boxes."""
    targets = torch.from_numpy(right.astype(np.float32))
    weight = torch.where(targets > 0, *weights)
    smooth = targets * (1 - 2 * smoothing) + smoothing
    probabilities = logits.sigmoid().clamp(0.001, 0.999)
    return torch.nn.functional.binary_cross_entropy(probabilities, smooth, weight, reduction="sum")
