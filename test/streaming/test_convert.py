"""An ordinary chain of layers becomes a streaming network with the same parameters."""

from __future__ import annotations

import pytest
import torch
from torch import nn

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
