"""The networks for voices and faces: their sizes, and what a missing modality does."""

from __future__ import annotations

import pytest
import torch

from opendr_perception.networks.emotion.audiovisual import AudiovisualClip, AudiovisualNetwork, CrossAttention
from opendr_perception.networks.emotion.efficient_face import EfficientFace

SIZES = {"lt": 2_043_486, "it": 1_936_350, "ia": 1_815_646}
"""Parameters that are used, of those of the reference: no classifiers of the branches, and for `ia` no values."""


def parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("heads", [1, 4])
@pytest.mark.parametrize("fusion", SIZES)
def test_the_networks_are_as_large_as_those_of_the_paper(fusion, heads) -> None:
    network = AudiovisualClip(8, fusion, heads=heads)
    assert parameters(network) == SIZES[fusion]
    assert parameters(network.trunk) == 1_268_118


def test_a_face_is_1024_numbers_that_do_not_depend_on_others() -> None:
    torch.manual_seed(0)
    trunk, faces = EfficientFace().eval(), torch.rand(2, 3, 224, 224)
    with torch.no_grad():
        both, alone = trunk(faces), trunk(faces[1:])
    assert both.shape == (2, 1024)
    assert (both[1:] - alone).abs().max() < 1e-5


def test_lengths_within_the_network_are_those_of_the_paper() -> None:
    network = AudiovisualNetwork().eval()
    heard = network.audio.first(torch.randn(1, 10, 156))
    assert heard.shape == (1, 128, 150)
    assert network.audio.second(heard).shape == (1, 128, 144)
    assert network.video.first(torch.randn(1, 1024, 15)).shape == (1, 64, 15)


def test_attention_weighs_keys_by_the_sum_over_queries() -> None:
    """Summed over the keys instead, each row would be 1, and nothing would be weighed."""
    torch.manual_seed(0)
    network = AudiovisualNetwork().eval()
    heard, seen = torch.randn(1, 128, 150), torch.randn(1, 64, 15)
    assert isinstance(network.av, CrossAttention)
    matrix = network.av.matrix(seen.transpose(1, 2), heard.transpose(1, 2))
    assert matrix.shape == (1, 1, 150, 15)
    assert torch.allclose(matrix.sum(-1), torch.ones(1, 1, 150))
    _, weighed = network._weighed(heard, seen)
    weights = (weighed / seen)[0, 0]
    assert weights.std() > 1e-3
    assert weights.mean().item() == pytest.approx(150 / 15, rel=1e-4)


@pytest.mark.parametrize("fusion", SIZES)
def test_all_parameters_learn(fusion) -> None:
    network = AudiovisualNetwork(3, fusion, heads=4)
    network(torch.randn(4, 10, 156), torch.randn(4, 1024, 15)).logsumexp(1).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_a_missing_voice_is_attended_to_evenly() -> None:
    """Convolutions without padding make all of its moments the same."""
    network = AudiovisualNetwork().eval()
    heard, seen = network.audio.first(torch.zeros(1, 10, 156)), torch.randn(1, 64, 15)
    assert isinstance(network.va, CrossAttention)
    matrix = network.va.matrix(heard.transpose(1, 2), seen.transpose(1, 2))
    assert torch.allclose(matrix, torch.full_like(matrix, 1 / 150), atol=1e-6)


def test_an_unknown_fusion_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no fusion 'early'"):
        AudiovisualNetwork(fusion="early")  # type: ignore[arg-type]
