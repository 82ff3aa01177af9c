"""Crowds: learned non-maximum suppression against the best formula, and what it costs.

Precision is measured on synthetic crowds that no training has seen. The formulas are tuned on other crowds of the same
kind. Networks that look at the image and that do not are compared on images of rendered people whom no training has
seen, and on the same images under another light. Real candidates are those of NanoDet on `vtest.avi`.
"""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from opendr_perception import zoo
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, larger_is_better, smaller_is_better
from opendr_perception.bench.harness.timing import alternating
from opendr_perception.bench.peers.pytorch import torch_is_there, torch_threads
from opendr_perception.engine.session import Session
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.nms import (
    Candidates,
    Detections,
    FeatureMap,
    LearnedNms,
    box_graph,
    build_graph,
    pairwise_iou,
)
from opendr_perception.tasks.nms.box_graph import candidates
from opendr_perception.tasks.people import PersonDetector

CASE = "nms"
IMAGES = 60
"""That are composed for networks that look at them."""
SAME = 0.5
"""Overlap from which a box stands for a person."""
CLOSE = 0.3
"""Overlap from which two boxes may be of one person."""


def nms(extent: Extent) -> list[Figure]:
    """The case `nms`."""
    session, looking = (zoo.session(name, threads=1) for name in ("nms-geom", "nms-fseq2"))
    network = LearnedNms(session)
    figures = _street(network, range(0, 795, extent.pick(4, 20, 400)))
    if not torch_is_there("nms compares with training scenes and with torch"):
        return figures
    with torch_threads():
        cost = _cost(network, LearnedNms(looking), extent.pick(3, 1, 1), extent.pick(482, 482, 100))
    figures = [*_precision(session, extent.pick(200, 40, 2)), *cost, *figures]
    return [*figures, *_appearance(session, looking)] if extent is Extent.FULL else figures


def _precision(session: Session, count: int) -> list[Figure]:
    """AP0.5 on standard and on hard crowds, of the network alone, and as nodes use it: with nobody lost."""
    from opendr_perception.training.nms.evaluate import CROWDS, HELD_OUT, TUNING, evaluate, scenes
    from opendr_perception.training.nms.formulas import FORMULAS, best_formula, precision
    from opendr_perception.training.nms.weights import GOSSIP, load

    gossip = load(GOSSIP)
    figures = []
    for name, gain in (("standard", 3), ("hard", 4)):
        crowd = CROWDS[name]
        best = best_formula(scenes(TUNING, count, [crowd]))
        held_out = scenes(HELD_OUT, count, [crowd])
        peer = precision(FORMULAS[best], held_out)
        alone = precision(LearnedNms(session, sure=False), held_out)
        in_nodes = precision(LearnedNms(session), held_out)
        told = evaluate(gossip, {name: held_out})[name][0]
        figures += [
            larger_is_better(CASE, f"AP0.5, {name} crowds, network alone", "%", alone, peer + gain, peer, best),
            larger_is_better(CASE, f"AP0.5, {name} crowds, against GossipNet", "%", alone, told, told, "GossipNet"),
            larger_is_better(CASE, f"AP0.5, {name} crowds, in nodes", "%", in_nodes, peer, peer, best),
        ]
    return figures


def _appearance(geom: Session, looking: Session) -> list[Figure]:
    """AP0.5 of fseq2 and of seq2seq_geom on NanoDet's candidates of images, as they are trained on and shifted."""
    from opendr_perception.training.nms.data import DETECTOR, SHIFTED, TEST, render_image
    from opendr_perception.training.nms.formulas import precision
    from opendr_perception.training.nms.render import propose
    from opendr_perception.training.people.sprites import HELD_OUT_PEOPLE, load_sprites

    people = load_sprites(HELD_OUT_PEOPLE)
    detector = PersonDetector(zoo.session(DETECTOR, threads=1))
    methods = {"seq2seq_geom": LearnedNms(geom, sure=False), "fseq2": LearnedNms(looking, sure=False)}
    figures = []
    for part, ours, other in ((TEST, "fseq2", "seq2seq_geom"), (SHIFTED, "seq2seq_geom", "fseq2")):
        data = [propose(detector, render_image(part, k, people, [])) for k in range(IMAGES)]
        one, two = (precision(methods[name], data) for name in (ours, other))
        figures.append(larger_is_better(CASE, f"AP0.5, images, {part.name}, {ours}", "%", one, two, two, other))
    return figures


def _cost(network: LearnedNms, looking: LearnedNms, rounds: int, crowd_size: int) -> list[Figure]:
    """Time of the whole method, and of the network's core over pairs that overlap against over all pairs."""
    import torch

    from opendr_perception.networks.nms.dense import dense_logits
    from opendr_perception.networks.nms.seq2seq import Seq2SeqNms
    from opendr_perception.tasks.nms import pair_features
    from opendr_perception.training.nms.examples import as_tensors
    from opendr_perception.training.nms.weights import GOSSIP, load

    boxes, scores, size = _crowded(150)
    seen = FeatureMap(np.zeros((128, 30, 52), np.float32), np.array([0, 0, *size], np.float32))
    crowd = Candidates(Detections(boxes, scores), size, seen)
    whole = alternating({n.kind: (partial(n, crowd), 10) for n in (network, looking)}, rounds)

    boxes, scores, size = _crowded(crowd_size)
    core = Seq2SeqNms().eval()
    graph = as_tensors(build_graph(boxes, scores, size))
    rows, columns = np.indices((len(boxes), len(boxes))).reshape(2, -1)
    overlaps = pairwise_iou(boxes, boxes)
    features = pair_features(boxes, scores, size, rows, columns, overlaps.reshape(-1))
    keys = torch.from_numpy(features).view(len(boxes), len(boxes), -1)
    mask = torch.zeros(len(boxes), len(boxes))
    mask[graph.rows, graph.columns] = graph.weights
    answers: dict[str, torch.Tensor] = {}

    def sparse() -> None:
        answers["sparse"] = core(graph)

    def dense() -> None:
        answers["dense"] = dense_logits(core, graph.queries, keys, mask)

    told = partial(load(GOSSIP), graph)
    with torch.inference_mode():
        times = alternating({"sparse": (sparse, 5), "dense": (dense, 1), "gossip": (told, 1)}, rounds, warm_up=1)
    difference = float((answers["sparse"].sigmoid() - answers["dense"].sigmoid()).abs().max())
    pairs = f"core, {len(boxes)} boxes"
    return [
        *(smaller_is_better(CASE, f"{kind}, 150 candidates, 1 thread", "ms", time, 30) for kind, time in whole.items()),
        smaller_is_better(CASE, pairs, "ms", times["sparse"], times["dense"] / 25, times["dense"], "all pairs"),
        Figure(CASE, f"{pairs}, GossipNet", "ms", times["gossip"], None, "", None, None, None),
        smaller_is_better(CASE, f"{pairs}, largest difference of a score", "", difference, 1e-5),
    ]


def _crowded(count: int) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """So many candidates of one dense crowd; more than it gives at once are drawn several times."""
    from opendr_perception.training.nms.simulate import CrowdModel, propose, stand

    rng, crowd = np.random.default_rng(0), CrowdModel(people=(120, 120))
    people = stand(rng, crowd)
    drawn = [propose(rng, crowd, *people) for _ in range(max(1, count // 90))]
    boxes, scores = (np.concatenate(column) for column in zip(*drawn, strict=True))
    chosen = candidates(boxes, scores, count)
    return boxes[chosen].astype(np.float32), scores[chosen].astype(np.float32), crowd.size


def _street(network: LearnedNms, frames: range) -> list[Figure]:
    """People of a real street: those whom greedy suppression finds and the network loses, and boxes that overlap.

    Greedy suppression is compared at the threshold at which it gives as many boxes.
    """
    session = zoo.session("nanodet", threads=1)
    greedy = PersonDetector(session, box_graph.MIN_SCORE)
    learned = PersonDetector(session, nms=network)
    video = cv2.VideoCapture(str(zoo.fetch(["vtest.avi"])[0]))
    old, new = [], []
    for number in range(frames.stop):
        pixels = video.read()[1]
        if number in frames:
            image = Image(np.asarray(pixels, np.uint8), "bgr8")
            old += greedy([image])
            new += learned([image])
    video.release()
    certain = [found[found.scores > learned.score_threshold] for found in old]
    lost = sum(
        int((pairwise_iou(a.boxes, b.boxes).max(axis=1, initial=0) < SAME).sum())
        for a, b in zip(certain, new, strict=True)
    )
    scores = np.sort(np.concatenate([found.scores for found in old]))[::-1]
    threshold = scores[min(sum(map(len, new)), len(scores) - 1)]
    as_many = [found[found.scores > threshold] for found in old]
    close, greedy_close = (sum(_close_pairs(found.boxes) for found in kept) for kept in (new, as_many))
    pairs = f"vtest.avi, pairs of boxes closer than {CLOSE}"
    return [
        smaller_is_better(CASE, "vtest.avi, people of Greedy 0.5 that are lost", "boxes", lost, 0),
        smaller_is_better(CASE, pairs, "pairs", close, greedy_close - 1, greedy_close, "Greedy 0.5, as many boxes"),
    ]


def _close_pairs(boxes: np.ndarray) -> int:
    """Number of pairs of boxes (n, 4) that overlap enough to look like one person found twice."""
    return int((np.triu(pairwise_iou(boxes, boxes), 1) > CLOSE).sum())
