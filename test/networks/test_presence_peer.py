"""Weights of OpenDR's networks of human presence, from its package on PyPI, give the same answers here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch

from opendr_perception.bench.peers.opendr import PeerMissing, opendr_presence
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.human_presence import ARCHITECTURES, HumanPresenceNetwork

pytestmark = pytest.mark.peer


@pytest.fixture
def classes(tmp_path: Path) -> Iterator[dict[str, type]]:
    with ExitStack() as stack:
        try:
            found = stack.enter_context(opendr_presence(tmp_path))
        except PeerMissing as missing:
            pytest.skip(str(missing))
        yield found


@pytest.mark.parametrize("name", ARCHITECTURES)
@torch.no_grad()
def test_logits(classes: dict[str, type], name: str) -> None:
    peer, network = classes[name]().eval(), HumanPresenceNetwork(name).eval()
    load_checkpoint(network, peer.state_dict())
    image = torch.rand(1, 3, 150, 170)
    torch.testing.assert_close(network(image), peer(image), atol=1e-6, rtol=0)
