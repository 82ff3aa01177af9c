"""Candidates of a detector, and non-maximum suppression: by formula or learned."""

from opendr_perception.tasks.nms.box_graph import MAX_CANDIDATES, BoxGraph, build_graph, pair_features
from opendr_perception.tasks.nms.build import NmsSettings, Suppressors
from opendr_perception.tasks.nms.candidates import Candidates, Detections, FeatureMap, Suppressor
from opendr_perception.tasks.nms.classic import ClusterNms, Greedy, SoftNms
from opendr_perception.tasks.nms.learned import LearnedNms
from opendr_perception.tasks.nms.overlap import area, greedy_nms, iou, pairwise_iou

__all__ = [
    "MAX_CANDIDATES",
    "BoxGraph",
    "Candidates",
    "ClusterNms",
    "Detections",
    "FeatureMap",
    "Greedy",
    "LearnedNms",
    "NmsSettings",
    "SoftNms",
    "Suppressor",
    "Suppressors",
    "area",
    "box_graph",
    "build_graph",
    "greedy_nms",
    "iou",
    "pair_features",
    "pairwise_iou",
]
