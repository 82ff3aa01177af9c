"""Networks of facial expressions have the published sizes, and take the published weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.emotion.cbam import Cbam
from opendr_perception.networks.emotion.esr import Esr, read_opendr_folder
from opendr_perception.networks.emotion.ma_net import MaNet
from opendr_perception.streaming import parameter_count


def test_published_sizes() -> None:
    with torch.device("meta"):  # numbers of parameters need no memory
        assert parameter_count(Esr()) == 20_349_546
        assert parameter_count(Esr(attention=True)) == 20_832_494
        assert parameter_count(Esr(branches=15, attention=True)) == 34_465_946
        assert parameter_count(MaNet(8)) == 50_548_240
        assert parameter_count(MaNet(7, reverse=False)) == 50_547_214
        assert parameter_count(MaNet(12_666)) == 63_535_348
        assert [parameter_count(Cbam(channels)) for channels in (64, 128, 512)] == [680, 2_284, 33_412]


def test_attention_gates_channels_and_then_places(randomise) -> None:
    block = randomise(Cbam(32))
    features = torch.randn(2, 32, 5, 7)
    out = block(features)
    assert out.channels.shape == (2, 32) and out.places.shape == (2, 5, 7)
    gated = features * out.channels[:, :, None, None] * out.places[:, None]
    assert torch.allclose(out.features, gated, atol=1e-6)
    for gate in (out.channels, out.places):
        assert gate.min() > 0 and gate.max() < 1 and gate.std() > 0


def test_each_branch_is_a_judge_of_its_own(randomise) -> None:
    network = randomise(Esr(classes=7, branches=3, attention=True, width=16))
    images = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        whole, two = network(images), network(images, active=2)
    assert whole.logits.shape == (3, 2, 7) and whole.affect.shape == (3, 2, 2)
    assert whole.channels.shape == (3, 2, 128) and whole.places.shape == (3, 2, 6, 6)
    assert torch.equal(two.logits, whole.logits[:2])
    assert not torch.allclose(whole.logits[0], whole.logits[1])


def test_a_branch_without_attention_has_none_to_show() -> None:
    judgement = Esr(branches=1, width=16).eval()(torch.rand(1, 3, 96, 96))
    assert judgement.channels is None and judgement.places is None


def test_patches_see_their_corner_only(randomise) -> None:
    network = randomise(MaNet(7, width=16))
    images = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        before = network(images)
        images[:, :, 160:, 160:] = 0  # far from the edges of the other three
        after = network(images)
    assert before.patches.shape == (4, 1, 128, 7, 7) and before.branches.shape == (2, 1, 128)
    assert [torch.equal(a, b) for a, b in zip(before.patches, after.patches, strict=True)] == [True, True, True, False]
    assert torch.allclose(before.logits(), 0.6 * before.local_logits + 0.4 * before.global_logits)
    with pytest.raises(ValueError, match="224x224, got"):
        network(torch.rand(1, 3, 96, 96))


def test_the_direction_of_the_second_chain_changes_the_answer(randomise) -> None:
    network = randomise(MaNet(7, width=16))
    other = MaNet(7, width=16, reverse=False).eval()
    load_checkpoint(other, network.state_dict())
    images = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(network(images).local_logits, other(images).local_logits)
        assert not torch.allclose(network(images).global_logits, other(images).global_logits)


def test_published_names_of_ma_net_load() -> None:
    network = MaNet(7, width=16)
    published = {}
    for name, tensor in network.state_dict().items():
        name = name.replace("cbam.squeeze", "cbam.ChannelGate.mlp.1").replace("cbam.excite", "cbam.ChannelGate.mlp.3")
        name = name.replace("cbam.conv", "cbam.SpatialGate.spatial.conv").replace(
            "cbam.norm", "cbam.SpatialGate.spatial.bn"
        )
        parts = name.split(".")
        if parts[0] == "patches":
            parts[:3] = [f"layer{3 + int(parts[2])}_1_p{parts[1]}"]
        elif parts[0] == "whole":
            parts[:2] = [f"layer{3 + int(parts[1])}_2"]
        if "chains" in parts:
            at = parts.index("chains")
            kind = ("conv", "bn")[int(parts[at + 3])]
            parts[at : at + 4] = [f"{kind}{1 + int(parts[at + 1])}_2_{parts[at + 2]}"]
        published["module." + ".".join(parts)] = tensor
    assert {"module.layer3_1_p2.0.cbam.ChannelGate.mlp.1.weight", "module.layer4_2.1.bn2_2_4.weight"} <= set(published)
    other = MaNet(7, width=16)
    load_checkpoint(other, published)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), other.parameters(), strict=True))


def test_a_folder_of_opendr_is_read(tmp_path: Path) -> None:
    network = Esr(branches=2, width=16)
    with pytest.raises(FileNotFoundError, match=r"lacks Net-Base-Shared_Representations.pt, Net-Branch_1.pt"):
        read_opendr_folder(tmp_path)
    torch.save(network.base.state_dict(), tmp_path / "Net-Base-Shared_Representations.pt")
    for number, branch in enumerate(network.branches, 1):
        torch.save(branch.state_dict(), tmp_path / f"Net-Branch_{number}.pt")
    other = Esr(branches=2, width=16)
    load_checkpoint(other, read_opendr_folder(tmp_path))
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), other.parameters(), strict=True))
    (tmp_path / "Net-Branch_1.pt").unlink()
    with pytest.raises(FileNotFoundError, match=r"lacks Net-Branch_1.pt"):
        read_opendr_folder(tmp_path)
