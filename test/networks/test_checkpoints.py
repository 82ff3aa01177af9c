"""Weights load whatever their names, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from opendr_perception.networks.action.co_st_gcn import CoStGcn
from opendr_perception.networks.checkpoints import load_checkpoint, read_tensors


@pytest.fixture
def network() -> CoStGcn:
    return CoStGcn("coco17", 7, width=32)


def test_own_weights_load_into_any_form(network) -> None:
    strided = CoStGcn("coco17", 7, width=32, star=False)
    load_checkpoint(strided, {f"module.{name}": tensor for name, tensor in network.state_dict().items()})
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), strided.parameters(), strict=True))


def test_names_of_wrapped_blocks_are_understood(network) -> None:
    weights = {name.replace("layer2.", "layer2.0.1."): tensor for name, tensor in network.state_dict().items()}
    weights["layers.layer2.0.1.gcn.A"] = network.skeleton.adjacency()
    load_checkpoint(CoStGcn("coco17", 7, width=32), weights)


def test_what_does_not_fit_is_named_and_nothing_is_loaded(network) -> None:
    weights = dict(CoStGcn("coco17", 7, width=32).state_dict())
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    cases = {
        "lack fc.bias": {k: v for k, v in weights.items() if k != "fc.bias"},
        "has no surprise": {**weights, "surprise": torch.zeros(1)},
        r"fc.bias of the weights has shape \(8,\)": {**weights, "fc.bias": torch.zeros(8)},
        "another graph": {**weights, "layers.layer1.gcn.A": torch.ones(3, 17, 17)},
    }
    for message, case in cases.items():
        with pytest.raises(ValueError, match=message):
            load_checkpoint(network, case)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_what_torch_has_written_is_read(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2), "settings": {"seed": 1}}, tmp_path / "a.pt")
    read = read_tensors(tmp_path / "a.pt")
    assert torch.equal(read["a"], torch.ones(2)) and read["settings"] == {"seed": 1}


def test_a_damaged_file_and_what_is_more_than_tensors_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    torch.save({"a": torch.ones(2)}, path)
    whole = path.read_bytes()
    for content in (b"", b"rubbish", whole[:-40], b"\x80\x02" + whole):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"a\.pt .*damaged"):
            read_tensors(path)
    torch.save({"a": Path("/")}, path)
    with pytest.raises(ValueError, match=r"a\.pt holds more than tensors"):
        read_tensors(path)
    with pytest.raises(OSError, match="missing"):
        read_tensors(tmp_path / "missing.pt")
