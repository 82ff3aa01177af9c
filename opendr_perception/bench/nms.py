"""Crowds: learned non-maximum suppression against the best formula, and what it costs.

Precision is measured on synthetic crowds that no training has seen. The formulas are tuned on other crowds of the same
kind. Real candidates are those of NanoDet on `vtest.avi`.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from opendr_perception import zoo
from opendr_perception.bench.figure import Figure, larger_is_better, smaller_is_better
from opendr_perception.bench.timing import alternating
from opendr_perception.engine.session import Session
from opendr_perception.tasks.box_graph import build_graph, candidates
from opendr_perception.tasks.candidates import Candidates, Detections, Suppressor
from opendr_perception.tasks.classic_nms import ClusterNms, Greedy, SoftNms
from opendr_perception.tasks.detection import PersonDetector
from opendr_perception.tasks.image import Image
from opendr_perception.tasks.learned_nms import LearnedNms
from opendr_perception.tasks.nms import area, pairwise_iou

CASE = "nms"
TUNING, HELD_OUT = 21, 12
"""Seeds of the scenes on which formulas are tuned, and on which all is measured."""
INSIDE = 0.75
"""A box of which so much lies in a better one shows the same person again."""

FORMULAS: dict[str, Suppressor] = {
    **{f"Greedy {t}": Greedy(t) for t in (0.4, 0.45, 0.5, 0.55, 0.6)},
    **{f"Soft-NMS linear {t}": SoftNms(t) for t in (0.3, 0.35, 0.4, 0.45, 0.5, 0.55)},
    **{f"Soft-NMS Gaussian {s}": SoftNms(sigma=s) for s in (0.1, 0.2, 0.3, 0.4, 0.5)},
    **{f"Cluster D {t}": ClusterNms(t, distance=True) for t in (0.4, 0.45, 0.5, 0.55)},
    **{f"Cluster S {t}, {s}": ClusterNms(t, sigma=s) for t in (0.4, 0.5, 0.6) for s in (0.1, 0.2, 0.4)},
    **{f"Cluster S+D {t}, {s}": ClusterNms(t, s, distance=True) for t in (0.4, 0.5, 0.6) for s in (0.1, 0.2, 0.4)},
    **{f"Cluster S+D+W {t}": ClusterNms(t, 0.2, distance=True, weighted=True) for t in (0.4, 0.5, 0.6)},
}


def nms(quick: bool) -> list[Figure]:
    """The case `nms`."""
    network = LearnedNms(Session(zoo.require("nms-geom").path, threads=1))
    figures = [*_street(network, 40 if quick else 795)]
    if importlib.util.find_spec("torch") is None:
        print("nms compares with training scenes and with torch, which is not installed: left out", file=sys.stderr)
        return figures
    return [*_precision(network, 40 if quick else 200), *_cost(network, 1 if quick else 3), *figures]


def _precision(network: LearnedNms, count: int) -> list[Figure]:
    """AP0.5 on standard and on hard crowds."""
    from opendr_perception.training.average_precision import average_precision
    from opendr_perception.training.crowd_nms import scenes
    from opendr_perception.training.crowds import HARD, STANDARD, Scene

    def precision(method: Suppressor, data: Sequence[Scene]) -> float:
        found = [method(Candidates(Detections(s.boxes, s.scores), s.size)) for s in data]
        pairs = [(detections.boxes, detections.scores) for detections in found]
        return 100 * float(average_precision(pairs, [s.people for s in data], [0.5])[0])

    figures = []
    for name, crowd, gain in (("standard", STANDARD, 3), ("hard", HARD, 4)):
        tuning = scenes(TUNING, count, [crowd])
        best = max(FORMULAS, key=lambda formula: precision(FORMULAS[formula], tuning))
        held_out = scenes(HELD_OUT, count, [crowd])
        peer = precision(FORMULAS[best], held_out)
        ours = precision(network, held_out)
        figures.append(larger_is_better(CASE, f"AP0.5, {name} crowds", "%", ours, peer + gain, peer, best))
    return figures


def _cost(network: LearnedNms, rounds: int) -> list[Figure]:
    """Time of the whole method, and of the network's core over pairs that overlap against over all pairs."""
    import torch

    from opendr_perception.networks.dense_nms import dense_logits
    from opendr_perception.networks.seq2seq_nms import Seq2SeqNms
    from opendr_perception.tasks.box_graph import pair_features
    from opendr_perception.training.crowd_nms import as_tensors

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    boxes, scores, size = _crowded(150)
    whole = alternating({"ours": (lambda: network(Candidates(Detections(boxes, scores), size)), 10)}, rounds)["ours"]

    boxes, scores, size = _crowded(482)
    core = Seq2SeqNms().eval()
    graph = as_tensors(build_graph(boxes, scores, size))
    rows, columns = np.indices((len(boxes), len(boxes))).reshape(2, -1)
    overlaps = pairwise_iou(boxes, boxes)
    features = pair_features(boxes, scores, size, rows, columns, overlaps.reshape(-1))
    keys = torch.from_numpy(features).view(len(boxes), len(boxes), -1)
    mask = torch.zeros(len(boxes), len(boxes))
    mask[graph.rows, graph.columns] = graph.weights
    answers: dict[str, Any] = {}

    def sparse() -> None:
        answers["sparse"] = core(graph)

    def dense() -> None:
        answers["dense"] = dense_logits(core, graph.queries, keys, mask)

    with torch.inference_mode():
        times = {**alternating({"sparse": (sparse, 3)}, rounds), **alternating({"dense": (dense, 1)}, 1, warm_up=0)}
    difference = float((answers["sparse"].sigmoid() - answers["dense"].sigmoid()).abs().max())
    torch.set_num_threads(threads)
    pairs = f"core, {len(boxes)} boxes"
    return [
        smaller_is_better(CASE, "seq2seq_geom, 150 candidates, 1 thread", "ms", whole, 30),
        smaller_is_better(CASE, pairs, "ms", times["sparse"], times["dense"] / 25, times["dense"], "all pairs"),
        smaller_is_better(CASE, f"{pairs}, largest difference of a score", "", difference, 1e-5),
    ]


def _crowded(count: int) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """So many candidates of one dense crowd; more than it gives at once are drawn several times."""
    from opendr_perception.training.crowds import Crowd, propose, stand

    rng, crowd = np.random.default_rng(0), Crowd(people=(120, 120))
    people = stand(rng, crowd)
    drawn = [propose(rng, crowd, *people) for _ in range(max(1, count // 90))]
    boxes, scores = (np.concatenate(column) for column in zip(*drawn, strict=True))
    chosen = candidates(boxes, scores, count)
    return boxes[chosen].astype(np.float32), scores[chosen].astype(np.float32), crowd.size


def _street(network: LearnedNms, frames: int) -> list[Figure]:
    """People of a real street: lost against greedy suppression, and found twice."""
    session = Session(zoo.require("nanodet").path, threads=1)
    greedy, learned = PersonDetector(session), PersonDetector(session, nms=network)
    video = cv2.VideoCapture(str(zoo.sample("vtest.avi")))
    lost = doubles = greedy_doubles = 0
    for _ in range(frames):
        image = Image(np.asarray(video.read()[1], np.uint8), "bgr8")
        [old], [new] = greedy([image]), learned([image])
        lost += sum(row.max(initial=0) < 0.5 for row in pairwise_iou(old.boxes, new.boxes))
        doubles += _doubles(new.boxes)
        greedy_doubles += _doubles(old.boxes)
    video.release()
    return [
        smaller_is_better(CASE, "vtest.avi, people of greedy that are lost", "boxes", lost, 0),
        smaller_is_better(
            CASE,
            "vtest.avi, boxes inside a better one",
            "boxes",
            doubles,
            greedy_doubles - 1,
            greedy_doubles,
            "Greedy 0.5",
        ),
    ]


def _doubles(boxes: np.ndarray) -> int:
    """How many boxes (n, 4), best first, lie mostly inside a better one."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.maximum(high - low, 0).prod(axis=2) / area(boxes)[:, None]
    return int((np.tril(shared, -1) > INSIDE).any(axis=1).sum())
