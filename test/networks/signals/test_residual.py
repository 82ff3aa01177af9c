"""The papers' network for atrial fibrillation has their sizes, and takes the weights of OpenDR and of the authors."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from opendr_perception.networks.bag_of_features import Attention
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.signals.residual import PUBLISHED, ResidualBag, ResidualFrontEnd


def count(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@torch.no_grad()
def test_it_has_the_parameters_and_the_tokens_of_the_paper() -> None:
    front_end = ResidualFrontEnd().eval()
    assert count(front_end) == 12_446_784
    assert front_end(torch.zeros(1, 1, 9000)).shape == (1, 256, 35)
    assert count(ResidualBag(attention="2da-ta")) == 12_647_184
    assert count(ResidualBag(attention="2da-ta", codewords=512)) == 12_843_792


def as_published(network: ResidualBag, kind: str) -> dict[str, Tensor]:
    """The weights under the names that they have in OpenDR's code."""
    query, key = ("w_t", "w_s") if kind == "spatiotemporal" else ("w_1", "w_2")
    parts = {"weight": "w_a", "query_bias": f"{query}.bias", "key_bias": f"{key}.bias"}
    parts |= {"query": f"{query}.weight", "key": f"{key}.weight", "alpha": "alpha"}
    names = {"front_end.": "resnet_block.", "bag.classifier.": "classifier."}
    names |= {f"bag.codebooks.0.{short}": f"quantization_block.{long}" for short, long in NAMES.items()}
    names |= {f"bag.attentions.0.0.{ours}": f"attention_block.{theirs}" for ours, theirs in parts.items()}
    renamed = {}
    for name, tensor in network.state_dict().items():
        old = next(old for old in names if name.startswith(old) and (old.endswith(".") or name == old))
        renamed[names[old] + name.removeprefix(old)] = tensor
    if kind in ("spatial", "temporal"):
        renamed["attention_block.I"] = torch.eye(256 if kind == "spatial" else 35)
    return renamed


NAMES = {"codebook": "codebook", "a": "scaling_a", "b": "scaling_b"}


@pytest.mark.parametrize("kind", PUBLISHED)
@torch.no_grad()
def test_checkpoints_of_opendr_load_by_their_names(kind: str) -> None:
    torch.manual_seed(0)
    source = ResidualBag(attention=PUBLISHED[kind], bias=True).eval()
    target = ResidualBag(attention=PUBLISHED[kind], bias=True).eval()
    load_checkpoint(target, as_published(source, kind))
    window = torch.randn(1, 1, 9000)
    torch.testing.assert_close(target(window), source(window))
    plain = ResidualBag(attention="none").eval()
    load_checkpoint(plain, as_published(source, kind))  # of a revision that does not apply its attention
    torch.testing.assert_close(plain.front_end(window), source.front_end(window))


def test_every_kind_of_attention_learns_and_answers() -> None:
    kinds: list[Attention] = ["2da-ia", "2da-ca", "2da-ta", "csa", "tsa", "ctsa"]
    for kind in kinds:
        bag = ResidualBag(attention=kind, latent=8, length=9000).bag
        bag(torch.randn(2, 256, 35)).square().sum().backward()
        unused = [name for name, parameter in bag.named_parameters() if parameter.grad is None]
        assert unused == [], kind
