"""GossipNet: what boxes that overlap tell each other, and nothing else, changes their scores."""

from __future__ import annotations

import numpy as np
import torch

from opendr_perception.networks.nms.gossip import GossipNms, compressed
from opendr_perception.tasks.nms import build_graph
from opendr_perception.training.nms.examples import as_tensors

SIZE = (640, 480)
PAIR = np.array([[100, 100, 160, 260], [110, 105, 170, 262]], float)
ALONE = np.array([[400, 100, 450, 240]], float)


def logits(network: GossipNms, boxes: np.ndarray, scores: np.ndarray) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = network.eval()(as_tensors(build_graph(boxes, scores, SIZE)))
    return found


def test_it_has_the_published_shape() -> None:
    torch.manual_seed(0)
    network = GossipNms()
    assert len(network.rounds) == 16
    assert logits(network, PAIR, np.array([0.9, 0.8])).shape == (2,)


def test_only_neighbours_are_heard() -> None:
    torch.manual_seed(1)
    network = GossipNms(rounds=3)
    scores = np.array([0.9, 0.8, 0.7])
    alone = logits(network, PAIR, scores[:2])
    together = logits(network, np.concatenate([PAIR, ALONE]), scores)
    torch.testing.assert_close(together[:2], alone)
    louder = logits(network, PAIR, np.array([0.9, 0.2]))
    assert abs(float(louder[0] - alone[0])) > 1e-6, "the neighbour's score is heard"


def test_the_order_of_boxes_says_nothing() -> None:
    torch.manual_seed(2)
    network, scores = GossipNms(rounds=2), np.array([0.9, 0.8, 0.7])
    boxes = np.concatenate([PAIR, ALONE])
    turned = logits(network, boxes[::-1].copy(), scores[::-1].copy())
    torch.testing.assert_close(turned.flip(0), logits(network, boxes, scores))


def test_large_values_are_made_small_and_keep_their_sign() -> None:
    values = compressed(torch.tensor([-100.0, 0.0, 100.0]))
    torch.testing.assert_close(values, torch.tensor([-4.6151, 0.0, 4.6151]), rtol=1e-4, atol=0)
