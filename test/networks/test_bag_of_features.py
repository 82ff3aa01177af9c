"""The bags of features have the papers' parameters, and attend to what they say."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from opendr_perception.networks.bag_of_features import (
    Attention,
    BagOfFeatures,
    LogisticCodebook,
    MaskAttention,
    RbfCodebook,
    SelfAttention,
)

SIZES = {32: (9313, 2241, 16385), 64: (18625, 4481, 32769), 128: (37249, 8961, 65537), 512: (148993, 35841, 262145)}
"""Parameters of a head for each latent width: of ctsa, csa and tsa, with 256 codewords and 35 tokens."""
ALL: list[Attention] = ["ctsa", "csa", "tsa", "2da-ca", "2da-ta", "none"]


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("latent", SIZES)
def test_a_head_has_the_parameters_of_the_paper(latent: int) -> None:
    kinds: list[Attention] = ["ctsa", "csa", "tsa"]
    assert tuple(count(SelfAttention(kind, 256, 35, latent)) for kind in kinds) == SIZES[latent]


def test_masks_codebooks_and_classifier_have_theirs() -> None:
    assert count(MaskAttention("2da-ca", 256, 35)) == 65_537
    assert count(MaskAttention("2da-ta", 256, 35)) == 1_226
    assert count(LogisticCodebook(256, 256)) == 65_538
    assert count(LogisticCodebook(256, 512)) == 131_074
    assert count(BagOfFeatures(256, 4, attention="none").classifier) == 133_636
    assert count(BagOfFeatures(256, 4, codewords=512, attention="none").classifier) == 264_708
    two = BagOfFeatures(256, 4, attention="csa", temporal=True, latent=64)
    assert [count(part) for part in two.attentions] == [2 * 64 * 35 + 1, 2 * 64 * 18 + 1], "the newer half of 35 is 18"
    assert count(two.codebooks) == 2 * 65_538
    assert count(BagOfFeatures(256, 4, temporal=True, shared=True).codebooks) == 65_538


def test_at_first_a_mask_makes_all_codes_smaller_alike() -> None:
    codes = torch.rand(2, 256, 35)
    torch.testing.assert_close(MaskAttention("2da-ta", 256, 35)(codes), codes * (0.5 + 0.5 / 35))
    torch.testing.assert_close(MaskAttention("2da-ca", 256, 35)(codes), codes * (0.5 + 0.5 / 256))


def test_codes_are_those_of_the_formulas() -> None:
    torch.manual_seed(0)
    tokens = torch.randn(1, 3, 4)
    rbf = RbfCodebook(3, 5)
    codes = rbf(tokens)
    torch.testing.assert_close(codes.sum(1), torch.ones(1, 4))
    distances = torch.stack([(tokens[0, :, 2] - word).norm() for word in rbf.codebook])
    torch.testing.assert_close(codes[0, :, 2], (-distances).softmax(0))
    logistic = LogisticCodebook(3, 5)
    torch.testing.assert_close(logistic(tokens)[0, :, 1], (2 * (logistic.codebook @ tokens[0, :, 1])).sigmoid())


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("temporal", [False, True])
def test_every_parameter_learns(kind: Attention, temporal: bool) -> None:
    torch.manual_seed(0)
    network = BagOfFeatures(8, 3, codewords=6, tokens=7, attention=kind, latent=4, heads=2, temporal=temporal)
    network(torch.randn(4, 8, 7)).square().sum().backward()
    idle = [name for name, each in network.named_parameters() if each.grad is None or not each.grad.abs().sum() > 0]
    assert idle == []


def test_attention_over_time_knows_no_order_and_takes_any_length_and_the_others_do() -> None:
    torch.manual_seed(0)
    tokens = torch.randn(1, 8, 7)
    shuffled = tokens[:, :, torch.tensor([3, 0, 6, 1, 5, 2, 4])]
    for kind in ALL:
        network = BagOfFeatures(8, 3, codewords=6, tokens=7, attention=kind, latent=4).eval()
        with torch.no_grad():
            for name, parameter in network.attentions.named_parameters():
                parameter.copy_(torch.tensor(0.2) if name.endswith("alpha") else 2 * torch.randn_like(parameter))
            same = torch.allclose(network.bags(tokens), network.bags(shuffled), atol=1e-5)
        assert same == (kind in ("tsa", "2da-ca", "none")), kind
        if kind in ("tsa", "2da-ca", "none"):
            assert network(torch.randn(1, 8, 19)).shape == (1, 3)


def test_alpha_of_one_is_no_attention() -> None:
    codes = torch.rand(2, 6, 7)
    kinds: list[Attention] = ["ctsa", "csa", "tsa"]
    for kind in kinds:
        attention = SelfAttention(kind, 6, 7, 4)
        with torch.no_grad():
            attention.alpha.fill_(3.0)  # it is clamped
        torch.testing.assert_close(attention(codes), codes)


def test_an_attention_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="self-attention is one of"):
        SelfAttention("none", 6, 7, 4)
    with pytest.raises(ValueError, match="mask attention is"):
        MaskAttention("tsa", 6, 7)
