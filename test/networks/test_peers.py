"""Weights of OpenDR's own classes, from its package on PyPI, give the same answers here."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.co_a_gcn import OpenDrCoAGcn
from opendr_perception.networks.co_s_tr import CoSTr
from opendr_perception.networks.co_st_gcn import CoStGcn

PACKAGE = "opendr-toolkit-skeleton-based-action-recognition==3.0.0"
BASE = "opendr.perception.skeleton_based_action_recognition"
pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Unpack the peer's source; return the name of its package of models.

    The packages around the models import a training framework and all of OpenDR. They are replaced by empty ones that
    only lead to the files.
    """
    pytest.importorskip("continual", reason="continual-inference 1.2.4, which the peer needs, is not installed")
    folder = tmp_path_factory.mktemp("peer")
    download = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "--no-build-isolation"]
    result = subprocess.run([*download, "-d", str(folder), PACKAGE], capture_output=True, text=True, check=False)
    archives = list(folder.glob("*.tar.gz"))
    if result.returncode or not archives:
        pytest.skip(f"{PACKAGE} cannot be downloaded: {result.stderr.strip().splitlines()[-1:]}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    source = next(folder.glob("*/src"))

    before = set(sys.modules)
    for depth in range(1, len(BASE.split(".")) + 1):
        name = ".".join(BASE.split(".")[:depth])
        sys.modules[name] = _leading_to(name, source / Path(*name.split(".")))
    lightning = ModuleType("pytorch_lightning")
    lightning.LightningModule = type("LightningModule", (nn.Module,), {"profile_model": False})  # type: ignore[attr-defined]
    sys.modules["pytorch_lightning"] = lightning
    yield f"{BASE}.algorithm.models"
    for name in set(sys.modules) - before:
        if name.startswith(("opendr.", "pytorch_lightning")) or name == "opendr":
            del sys.modules[name]


def _leading_to(name: str, folder: Path) -> ModuleType:
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    return package


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
