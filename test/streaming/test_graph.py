"""Layers of single frames: graph convolutions, channel layers, gates."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from opendr_perception.streaming import (
    AdaptiveGraphConvolution,
    GraphConvolution,
    LayerNorm,
    Linear,
    Sequential,
    SqueezeExcitation,
)


@pytest.fixture
def adjacency() -> torch.Tensor:
    return torch.rand(3, 5, 5)


@pytest.mark.parametrize("kind", [GraphConvolution, AdaptiveGraphConvolution])
@pytest.mark.parametrize("channels", [4, 8])
def test_each_frame_by_itself(check, adjacency, kind, channels) -> None:
    check(Sequential(kind(4, channels, adjacency)), (4, 5), frames=6)


def test_graph_convolution_is_its_formula(randomise, adjacency) -> None:
    layer = randomise(GraphConvolution(4, 8, adjacency)).double()
    layer.graph_attn.data.uniform_(0.5, 1.5)
    clip = torch.randn(2, 4, 3, 5, dtype=torch.float64)
    edges = layer.adjacency * layer.graph_attn
    mixed = sum(conv(torch.einsum("nctv,vw->nctw", clip, a)) for conv, a in zip(layer.g_conv, edges, strict=True))
    assert torch.allclose(layer(clip), torch.relu(layer.bn(mixed) + layer.gcn_residual(clip)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("whole_clip", [True, False])
def test_adaptive_graph_convolution_is_its_formula(randomise, adjacency, whole_clip) -> None:
    layer = randomise(AdaptiveGraphConvolution(4, 8, adjacency, whole_clip=whole_clip)).double()
    clip = torch.randn(2, 4, 3, 5, dtype=torch.float64)
    mixed = torch.zeros(2, 8, 3, 5, dtype=torch.float64)
    for i in range(3):
        theta, phi = layer.a_conv[i](clip), layer.b_conv[i](clip)
        if whole_clip:
            logits = torch.einsum("nctv,nctw->nvw", theta, phi).unsqueeze(1) / (2 * 3)
        else:
            logits = torch.einsum("nctv,nctw->ntvw", theta, phi) / 2
        edges = layer.adjacency[i] + layer.graph_attn[i] + logits.softmax(-2)
        mixed += layer.g_conv[i](torch.einsum("nctv,ntvw->nctw", clip, edges.expand(2, 3, 5, 5)))
    assert torch.allclose(layer(clip), torch.relu(layer.bn(mixed) + layer.gcn_residual(clip)), rtol=0, atol=1e-12)


def test_channel_layers_are_those_of_torch_over_axis_one() -> None:
    clip = torch.randn(2, 4, 3, 5)
    for ours, ordinary in ((Linear(4, 6), nn.Linear(4, 6)), (LayerNorm(4), nn.LayerNorm(4))):
        nn.init.normal_(ordinary.bias)
        ours.load_state_dict(ordinary.state_dict())
        expected = ordinary(clip.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        assert torch.allclose(ours(clip), expected, atol=1e-6)
        assert torch.allclose(ours(clip[:, :, 1]), expected[:, :, 1], atol=1e-6)


def test_gate_sees_its_own_frame_alone(check) -> None:
    check(Sequential(SqueezeExcitation(4, 2)), (4, 3, 3), frames=5)
