"""Weights of OpenDR's own classes, from its package on PyPI, give the same answers here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

import pytest
import torch

from opendr_perception.bench.peers.opendr import SKELETONS, PeerMissing, opendr_ensembles, opendr_models
from opendr_perception.networks.action.co_a_gcn import OpenDrCoAGcn
from opendr_perception.networks.action.co_s_tr import CoSTr
from opendr_perception.networks.action.co_st_gcn import CoStGcn
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.emotion.esr import Esr

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Make the peer's classes importable; return the name of its package of models."""
    with ExitStack() as stack:
        try:
            stack.enter_context(opendr_models(tmp_path_factory.mktemp("peer")))
        except PeerMissing as missing:
            pytest.skip(str(missing))
        yield SKELETONS.models


@pytest.mark.parametrize(
    ("module", "name", "ours"),
    [("co_stgcn", "CoStGcnMod", CoStGcn), ("co_agcn", "CoAGcnMod", OpenDrCoAGcn), ("co_str", "CoSTrMod", CoSTr)],
)
@pytest.mark.parametrize(("graph", "skeleton", "joints"), [("ntu", "ntu25", 25), ("openpose", "openpose18", 18)])
def test_continual_networks(models, randomise, module, name, ours, graph, skeleton, joints) -> None:
    peer = getattr(import_module(f"{models}.{module}"), name)(
        num_point=joints, graph_type=graph, sequence_len=90, num_classes=11
    )
    randomise(peer)
    network = ours(skeleton, 11, frames=90).eval()
    load_checkpoint(network, peer.state_dict())
    clip = torch.randn(1, 3, 92, joints, 2)
    with torch.no_grad():
        expected = peer(clip[:, :, :90])
        scale = max(1.0, float(expected.abs().max()))
        assert (network(clip[:, :, :90])[:, :, -1] - expected).abs().max() <= 1e-5 * scale
        state = network.initial_state(1)
        peer.clean_state()
        for frame in clip.unbind(2):
            output, state = network.step(frame, state)
            theirs = peer.forward_step(frame)
            if isinstance(theirs, torch.Tensor) and len(theirs):
                assert network.warm(state).all()
                assert (output - theirs.reshape(output.shape)).abs().max() <= 1e-5 * scale
    assert isinstance(theirs, torch.Tensor)


def test_network_for_clips(models, randomise) -> None:
    peer = randomise(import_module(f"{models}.stgcn").STGCN(11, 25, 2, 3, "ntu"))
    network = CoStGcn("ntu25", 11, star=False).eval()
    load_checkpoint(network, peer.state_dict())
    clip = torch.randn(1, 3, 120, 25, 2)
    with torch.no_grad():
        expected = peer(clip)
        assert (network(clip)[:, :, -1] - expected).abs().max() <= 1e-5 * max(1.0, float(expected.abs().max()))


@pytest.mark.parametrize("attention", [False, True])
@pytest.mark.parametrize("branches", [2, 9])
def test_ensembles(attention: bool, branches: int, randomise, tmp_path: Path) -> None:
    try:
        with opendr_ensembles(tmp_path) as classes:
            peer = randomise(classes[attention]("cpu", branches))
    except PeerMissing as missing:
        pytest.skip(str(missing))
    network = Esr(branches=branches, attention=attention).eval()
    load_checkpoint(network, peer.state_dict())
    images = torch.rand(3, 3, 96, 96)
    with torch.no_grad():
        expressions, affect, attentions = peer(images)
        ours = network(images)
    scale = max(1.0, float(torch.stack(expressions).abs().max()))
    assert (ours.logits - torch.stack(expressions)).abs().max() <= 1e-5 * scale
    assert (ours.affect - torch.stack(affect)).abs().max() <= 1e-5 * scale
    if attention:
        places, channels = attentions
        assert (ours.places - places).abs().max() <= 1e-5
        assert (ours.channels - channels).abs().max() <= 1e-5
