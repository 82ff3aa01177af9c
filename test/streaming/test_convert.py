"""An ordinary chain of layers becomes a streaming network with the same parameters."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from opendr_perception.streaming import Conv3d, Streaming, convert, parameter_count, step_macs


def _video_network() -> nn.Sequential:
    stem = nn.Sequential(nn.Conv3d(3, 4, (3, 3, 3), (1, 2, 2), (1, 1, 1)), nn.BatchNorm3d(4), nn.ReLU())
    return nn.Sequential(
        stem,
        nn.MaxPool3d((2, 2, 2), 1),
        nn.Conv3d(4, 6, 1),
        nn.AvgPool3d((1, 2, 2)),
        nn.Conv3d(6, 5, (3, 1, 1), (2, 1, 1)),
        nn.AdaptiveAvgPool3d((1, 1, 1)),
    )


def test_converted_network_keeps_names_weights_and_answers(check) -> None:
    ordinary = _video_network()
    continual = convert(ordinary, window=4)
    assert isinstance(continual, Streaming)
    assert continual.state_dict().keys() == ordinary.state_dict().keys()
    check(continual, (3, 12, 12), frames=30)
    clip = torch.randn(1, 3, 12, 12, 12, dtype=torch.float64)
    ordinary.eval()
    assert torch.allclose(ordinary[:5](clip), convert(ordinary[:5])(clip), rtol=0, atol=1e-12)
    assert continual.stride == 2


def test_clip_answer_of_the_adaptive_pool_comes_last() -> None:
    ordinary = _video_network().eval()
    clip = torch.randn(2, 3, 10, 12, 12)
    frames = ordinary[:5](clip).shape[2]
    assert torch.allclose(convert(ordinary, window=frames)(clip)[:, :, -1:], ordinary(clip), atol=1e-6)


def test_parameters_are_shared() -> None:
    ordinary = nn.Conv3d(2, 3, 3)
    continual = convert(ordinary)
    assert isinstance(continual, Conv3d) and continual.weight is ordinary.weight


@pytest.mark.parametrize("layer", [nn.LSTM(2, 2), nn.InstanceNorm1d(2), nn.Sequential(nn.Flatten())])
def test_layers_without_a_counterpart_are_named(layer) -> None:
    with pytest.raises(TypeError, match="streaming counterpart"):
        convert(layer)


@pytest.mark.parametrize(
    "layer", [nn.Conv1d(2, 2, 3, padding="same"), nn.AdaptiveAvgPool1d(1), nn.AvgPool1d(3, ceil_mode=True)]
)
def test_settings_without_a_counterpart_are_named(layer) -> None:
    with pytest.raises(ValueError, match=type(layer).__name__):
        convert(layer)


def test_cost_counts_what_is_executed() -> None:
    conv = Conv3d(4, 6, (5, 3, 3), padding=(0, 1, 1)).eval()
    assert step_macs(conv, (4, 7, 8)) == 4 * 6 * 5 * 9 * 7 * 8
    strided = Conv3d(4, 6, (5, 3, 3), (2, 1, 1), (0, 1, 1)).eval()
    assert step_macs(strided, (4, 7, 8)) == 4 * 6 * 5 * 9 * 7 * 8 / 2
    assert parameter_count(conv) == 4 * 6 * 45 + 6


class _Block(nn.Module):
    """A residual block as published networks write it: with layers, functions and methods."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, (3, 3, 3), padding=(1, 1, 1), bias=False)
        self.bn1 = nn.BatchNorm3d(channels)
        self.conv2 = nn.Conv3d(channels, channels, (5, 1, 1), padding=(2, 0, 0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv2(F.relu(self.bn1(self.conv1(x))))
        return (x + y).relu()


class _Branching(nn.Module):
    """Two residual blocks, branches that are joined, and a classifier behind a pool."""

    def __init__(self, gated: bool = False) -> None:
        super().__init__()
        self.stem = nn.Conv3d(3, 4, (1, 3, 3), (1, 2, 2), (0, 1, 1))
        self.blocks = nn.Sequential(_Block(4), _Block(4))
        self.short = nn.Conv3d(4, 2, 1)
        self.long = nn.Conv3d(4, 3, (5, 3, 3), padding=(2, 1, 1))
        self.pool = nn.AdaptiveAvgPool3d(1)
        self.fc = nn.Linear(5, 6)
        self.gated = gated

    def features(self, x: torch.Tensor) -> torch.Tensor:
        x = self.blocks(self.stem(x))
        if self.gated:
            x = x * x.mean((2, 3, 4), keepdim=True).sigmoid()
        return torch.cat([self.short(x), self.long(x)], 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.pool(self.features(x)).flatten(1))


class _Features(_Branching):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.features(x)


def test_a_whole_network_streams_by_its_graph(check) -> None:
    ordinary = _Features()
    continual = convert(ordinary)
    assert isinstance(continual, Streaming)
    assert (continual.receptive_field, continual.delay) == (17, 8)
    check(continual, (3, 8, 8), frames=24)


def test_a_whole_network_answers_as_for_its_clips(randomise) -> None:
    ordinary = randomise(_Branching()).double()
    features = _Features().double()
    features.load_state_dict(ordinary.state_dict())
    continual = convert(ordinary, window=4).eval()
    clip = torch.randn(2, 3, 20, 8, 8, dtype=torch.float64)
    outputs, state = continual.steps(clip, continual.initial_state(2, (3, 8, 8)))
    with torch.no_grad():
        expected = ordinary.fc(features.eval()(clip)[:, :, 8:12].mean((2, 3, 4)))
    assert continual.valid(state).all()
    assert torch.allclose(outputs[:, :, -1], expected, rtol=0, atol=1e-10)


def test_gates_over_a_clip_are_named_and_can_be_per_frame() -> None:
    with pytest.raises(TypeError, match="mean may mix frames; let it be per frame"):
        convert(_Features(gated=True))
    assert isinstance(convert(_Features(gated=True), gates_per_frame=True), Streaming)


def test_a_layer_of_a_network_that_cannot_stream_is_named() -> None:
    network = _Features()
    network.blocks[1].conv2 = nn.AvgPool3d((3, 1, 1), 1, ceil_mode=True)
    with pytest.raises(ValueError, match=r"blocks\.1\.conv2: AvgPool3d.*rounds down"):
        convert(network)
