"""What suppression networks learn from: candidates of a scene, which of them are right, and what an error costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from opendr_perception.networks.nms.seq2seq import FSeq2Nms, Graph, Seq2SeqNms
from opendr_perception.tasks.nms import BoxGraph, build_graph, pairwise_iou
from opendr_perception.training.nms.simulate import Scene

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

    graph: Graph
    overlaps: np.ndarray
    features: Tensor | None = None
    places: Tensor | None = None

    @classmethod
    def of(cls, scene: Scene) -> Example:
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

    def logits(self, network: Seq2SeqNms) -> Tensor:
        """What a network says (N,)."""
        if isinstance(network, FSeq2Nms):
            if self.features is None or self.places is None:
                raise ValueError("FSeq2-NMS learns from pictures only: scenes of boxes have no feature map")
            return network.forward_map(self.graph, self.features, self.places)
        logits: Tensor = network(self.graph)
        return logits


def as_tensors(graph: BoxGraph) -> Graph:
    """The graph for torch."""
    return Graph(*(torch.from_numpy(getattr(graph, name)) for name in Graph._fields))


def thin(graph: Graph, kept: np.ndarray) -> Graph:
    """The graph of some of the boxes, by a mask (N,)."""
    mask = torch.from_numpy(kept)
    number = mask.cumsum(0) - 1
    edges = mask[graph.rows] & mask[graph.columns]
    rows, columns = number[graph.rows[edges]], number[graph.columns[edges]]
    return Graph(graph.queries[mask], graph.keys[edges], rows, columns, graph.weights[edges])


def match(scores: np.ndarray, overlaps: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Whose box each one is: asked by descending score, each takes the free person whom it overlaps most.

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
    """Weights of right and of wrong boxes, from the numbers of candidates and people of each picture."""
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
