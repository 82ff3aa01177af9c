"""Weights of OpenDR's audiovisual network, from its package on PyPI, give the same answers here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from opendr_perception.bench.peers.opendr import PeerClass, PeerMissing, opendr_audiovisual
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.emotion.audiovisual import AudiovisualClip, of_opendr

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeerClass]:
    """The peer's class."""
    try:
        with opendr_audiovisual(tmp_path_factory.mktemp("peer")) as found:
            yield found
    except PeerMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("heads", [1, 4])
@pytest.mark.parametrize("fusion", ["lt", "it", "ia"])
def test_a_checkpoint_gives_the_same_logits(peer, randomise, fusion, heads) -> None:
    theirs = peer(num_classes=8, fusion=fusion, num_heads=heads)
    randomise(theirs)
    theirs.eval()
    ours = AudiovisualClip(8, fusion, heads=heads).eval()
    load_checkpoint(ours, of_opendr(theirs.state_dict(), fusion))
    audio, faces = torch.randn(1, 10, 156), torch.rand(1, 15, 3, 224, 224)
    with torch.no_grad():
        expected = theirs(audio, faces.flatten(0, 1))
        found = ours(audio, faces)
    assert (found - expected).abs().max() <= 1e-5 * max(1.0, float(expected.abs().max()))
