"""One exported skeleton network for all tests of the engine: it takes seconds to write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from opendr_perception.engine.export import export
from opendr_perception.networks.action.co_st_gcn import CoStGcn


@pytest.fixture(scope="session")
def skeletons(
    once: Callable[[str, Callable[[Path], None]], Path],
) -> tuple[CoStGcn, Path]:
    """The network, of two persons in a frame (3, 17, 2), and its file."""
    torch.manual_seed(0)
    network = CoStGcn("coco17", 5, persons=2, width=16, frames=90, stages=(1, 1, 2)).eval()
    for norm in (module for module in network.modules() if isinstance(module, nn.BatchNorm2d)):
        nn.init.uniform_(norm.weight, 0.5, 1.5)
    path = once("joints.onnx", lambda path: export(network, path, metadata={"labels": '["a"]'}))
    return network, path
