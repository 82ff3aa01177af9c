"""Weights of OpenDR's Lightweight OpenPose, from its package on PyPI, give the same answers here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch

from opendr_perception.bench.peers.opendr import PeerMissing, opendr_openpose
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.lightweight_openpose import LightweightOpenPose

pytestmark = pytest.mark.peer


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:
        try:
            found = stack.enter_context(opendr_openpose(tmp_path))
        except PeerMissing as missing:
            pytest.skip(str(missing))
        yield found


@pytest.mark.parametrize("refinements", [0, 1, 3])
@torch.no_grad()
def test_maps(peer: Any, refinements: int) -> None:
    torch.manual_seed(0)
    theirs, ours = peer(num_refinement_stages=refinements).eval(), LightweightOpenPose(refinements).eval()
    load_checkpoint(ours, theirs.state_dict())
    image = torch.rand(1, 3, 64, 96) - 0.5
    found = [each for maps in ours(image) for each in maps]
    expected = theirs(image)
    assert len(found) == len(expected) == 2 * (refinements + 1)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)
