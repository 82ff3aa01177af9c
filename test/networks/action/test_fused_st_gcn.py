"""The form of CoST-GCN* that is exported gives the answers of the network that was trained."""

from __future__ import annotations

import pytest
import torch

from opendr_perception.networks.action.co_a_gcn import CoAGcn
from opendr_perception.networks.action.co_st_gcn import CoStGcn
from opendr_perception.networks.action.fused_st_gcn import FusedStGcn

FRAMES = 90


@pytest.mark.parametrize(("skeleton", "persons"), [("openpose18", 2), ("coco17", 1)])
def test_it_equals_the_network(randomise, skeleton: str, persons: int) -> None:
    network = randomise(CoStGcn(skeleton, 7, persons=persons, width=16, frames=FRAMES).double())
    fused = network.for_inference()
    assert isinstance(fused, FusedStGcn)
    state, theirs = network.initial_state(2), fused.initial_state(2)
    compared = 0
    for frame in torch.randn(FRAMES + 25, 2, *network.frame_shape).double():
        output, state = network.step(frame, state)
        result, theirs = fused.step(frame, theirs)
        assert torch.equal(network.valid(state), fused.valid(theirs))
        assert torch.equal(network.warm(state), fused.warm(theirs))
        if network.valid(state).all():
            compared += 1
            torch.testing.assert_close(result, output, rtol=0, atol=1e-11)
    assert compared == FRAMES + 25 - network.delay


def test_staggered_streams_of_a_batch_equal_single_ones(randomise) -> None:
    fused = randomise(CoStGcn("coco17", 5, persons=1, width=16, frames=FRAMES).double()).for_inference()
    frames = torch.randn(FRAMES + 30, 1, *fused.frame_shape).double()
    early, late = fused.initial_state(1), fused.initial_state(1)
    for frame in frames[:20]:
        _, early = fused.step(frame, early)
    both = type(early).cat([early, late])
    for frame in frames[20:]:
        first, early = fused.step(frame, early)
        second, late = fused.step(frame, late)
        together, both = fused.step(frame.expand(2, *frame.shape[1:]), both)
        torch.testing.assert_close(together, torch.cat([first, second]), rtol=0, atol=1e-11)


def test_what_cannot_be_fused_stays_as_it_is() -> None:
    for network in (CoStGcn("coco17", 5, width=16, star=False), CoAGcn("coco17", 5, width=16)):
        assert network.for_inference() is network


def test_the_network_is_not_changed(randomise) -> None:
    network = randomise(CoStGcn("coco17", 5, width=16))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.for_inference()
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
        assert not name.endswith("weight") or dict(network.named_parameters())[name].requires_grad
