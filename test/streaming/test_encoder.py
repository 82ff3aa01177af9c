"""Continual encoders equal `nn.TransformerEncoder`."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from opendr_perception.streaming import RecyclingPositionalEncoding, Sequential, TransformerEncoder


def _pair(layers: int, window: int, mode: str, **options) -> tuple[nn.TransformerEncoder, TransformerEncoder]:
    settings = {"norm_first": options.get("norm_first", False), "activation": options.get("activation", "relu")}
    layer = nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True, **settings)
    ordinary = nn.TransformerEncoder(layer, layers, nn.LayerNorm(8), enable_nested_tensor=False)
    for parameter in ordinary.parameters():
        nn.init.normal_(parameter, 0, 0.4)
    continual = TransformerEncoder(8, 2, window, 12, layers, mode=mode, norm=True, **settings)
    continual.load_state_dict(ordinary.state_dict())
    return ordinary.double().eval(), continual.double().eval()


@pytest.mark.parametrize("mode", ["window", "causal"])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("window", [2, 5, 8])
def test_step_equals_clip(check, mode, layers, window) -> None:
    check(TransformerEncoder(8, 2, window, 12, layers, mode=mode, norm=True), (8,), frames=3 * window + 2)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"norm_first": True, "activation": "gelu"}])
def test_window_equals_torch(layers, options) -> None:
    window = 6
    ordinary, continual = _pair(layers, window, "window", **options)
    clip = torch.randn(2, 8, 4 * window, dtype=torch.float64)
    outputs, _ = continual.steps(clip, continual.initial_state(2, (8,)))
    for t in range(4 * window):
        tokens = clip[:, :, max(0, t + 1 - window) : t + 1]
        expected = ordinary(tokens.transpose(1, 2))[:, -1]
        assert torch.allclose(outputs[:, :, t], expected, rtol=0, atol=1e-12)
        assert torch.allclose(continual.encode_window(tokens), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_causal_equals_torch_with_a_banded_mask(layers) -> None:
    window, frames = 5, 30
    ordinary, continual = _pair(layers, window, "causal")
    clip = torch.randn(2, 8, frames, dtype=torch.float64)
    past = torch.arange(frames)[:, None] - torch.arange(frames)
    expected = ordinary(clip.transpose(1, 2), mask=(past < 0) | (past >= window)).transpose(1, 2)
    outputs, _ = continual.steps(clip, continual.initial_state(2, (8,)))
    assert torch.allclose(outputs, expected, rtol=0, atol=1e-12)
    assert torch.allclose(continual.encode_window(clip[:, :, :window]), expected[:, :, window - 1], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("mode", "field"), [("window", 5), ("causal", 9)])
def test_receptive_field_is_what_a_changed_token_changes(mode, field) -> None:
    _, encoder = _pair(2, 5, mode)
    clip = torch.randn(1, 8, 30, dtype=torch.float64)
    other = clip.clone()
    other[:, :, 10] += 1
    state = encoder.initial_state(1, (8,))
    changed = (encoder.steps(clip, state)[0] != encoder.steps(other, state)[0]).any(1)[0]
    assert changed.nonzero().flatten().tolist() == list(range(10, 10 + field))
    assert encoder.receptive_field == field


def test_gradients_reach_all_parameters() -> None:
    encoder = TransformerEncoder(8, 2, 5, 12, 3)
    encoder.encode_window(torch.randn(2, 8, 5)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


@pytest.mark.parametrize("learned", [True, False])
def test_positions_recycle(check, learned) -> None:
    block = RecyclingPositionalEncoding(6, 9, learned=learned)
    check(block, (6,), frames=25)
    clip = torch.zeros(1, 6, 25, dtype=torch.float64)
    assert torch.equal(block(clip)[:, :, :9], block(clip)[:, :, 9:18])
    assert torch.equal(block(clip, offset=4)[:, :, 0], block(clip)[:, :, 4])
    check(Sequential(RecyclingPositionalEncoding(8, 9), TransformerEncoder(8, 2, 5, 12, 2)), (8,), frames=30)


def test_fixed_positions_tell_differences_alone() -> None:
    table = RecyclingPositionalEncoding(8, 11).table
    similarity = table @ table.T
    for shift in range(11):
        assert torch.allclose(similarity.roll((shift, shift), (0, 1)), similarity, atol=1e-4)
    assert similarity[0, 1:].max() < similarity[0, 0] - 1e-2
