"""Weights of OpenDR's suppression networks, from its package on PyPI, give the same answers here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
import pytest
import torch

from opendr_perception.bench.peers.opendr import PeerMissing
from opendr_perception.bench.peers.opendr_nms import opendr_nms
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.nms.seq2seq import SIZES, FSeq2Nms, Seq2SeqNms
from opendr_perception.tasks.nms.box_graph import build_graph, pair_features
from opendr_perception.tasks.nms.overlap import pairwise_iou
from opendr_perception.training.nms.examples import as_tensors

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def classes() -> Iterator[tuple[type, type]]:
    with ExitStack() as stack:
        try:
            found = stack.enter_context(opendr_nms())
        except PeerMissing as missing:
            pytest.skip(str(missing))
        yield found


@pytest.mark.parametrize("name", SIZES)
@torch.no_grad()
def test_scores(classes: tuple[type, type], name: str) -> None:
    size = SIZES[name]
    peer = classes[0](
        lq_dim=size.long, sq_dim=size.short, num_JPUs=size.units, app_input_dim=size.appearance, device="cpu"
    ).eval()
    network = Seq2SeqNms(size).eval()
    load_checkpoint(network, peer.state_dict())
    rng = np.random.default_rng(0)
    low, side = rng.uniform(0, 200, (40, 2)), rng.uniform(20, 100, (40, 2))
    boxes, scores, image = np.concatenate([low, low + side], axis=1), np.linspace(0.9, 0.1, 40), (640, 480)
    appearance = torch.randn(40, size.appearance)
    graph = as_tensors(build_graph(boxes, scores, image))
    rows, columns = np.indices((40, 40)).reshape(2, -1)
    overlaps = pairwise_iou(boxes, boxes).reshape(-1)
    keys = torch.from_numpy(pair_features(boxes, scores, image, rows, columns, overlaps)).view(40, 40, -1)
    mask = torch.zeros(40, 40)
    mask[graph.rows, graph.columns] = graph.weights
    theirs = peer(graph.queries[:, None], keys, mask, appearance[:, None]).flatten()
    assert (network(graph, appearance).sigmoid() - theirs).abs().max() <= 1e-5


def test_weights_of_fseq2_load(classes: tuple[type, type]) -> None:
    peer = classes[1](device="cpu")
    network = FSeq2Nms(512)
    load_checkpoint(network, peer.state_dict())
    assert sum(p.numel() for p in network.parameters()) == sum(p.numel() for p in peer.parameters()) == 1_180_580
