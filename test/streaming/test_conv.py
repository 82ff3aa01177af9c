"""Continual convolution equals the convolution of the clip."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from opendr_perception.streaming import Conv1d, Conv2d, Conv3d, Sequential

GRID = [
    (k, d, p, s, g)
    for k, d, s, g in itertools.product((1, 2, 3, 5), (1, 2, 3), (1, 2, 3), (1, 2))
    for p in sorted({0, 1, d * (k - 1) // 2, d * (k - 1)})
    if p <= d * (k - 1)
]


@pytest.mark.parametrize("method", ["inputs", "sums"])
@pytest.mark.parametrize(("k", "d", "p", "s", "g"), GRID[::5])
def test_step_equals_clip(check, method, k, d, p, s, g) -> None:
    check(Conv1d(4, 6, k, s, p, d, g, method=method), (4,))


@pytest.mark.parametrize("method", ["inputs", "sums"])
def test_all_settings_equal_torch(method) -> None:
    clip = torch.randn(1, 4, 40, dtype=torch.float64)
    for k, d, p, s, g in GRID:
        ordinary = nn.Conv1d(4, 6, k, s, p, d, g).double()
        continual = Conv1d(4, 6, k, s, p, d, g, method=method).double().eval()
        continual.load_state_dict(ordinary.state_dict())
        outputs, state = continual.steps(clip, continual.initial_state(1, (4,)))
        outputs = outputs[:, :, continual.valid(state, steps=40)[0]]
        past = d * (k - 1)
        assert outputs.shape[2] == (0 if past - p >= 40 else (39 - (past - p)) // s + 1)
        assert torch.allclose(outputs, ordinary(clip)[:, :, : outputs.shape[2]], rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", ["inputs", "sums"])
def test_space_is_convolved_as_in_torch(check, method) -> None:
    check(Conv2d(3, 5, (3, 1), padding=(1, 0), method=method), (3, 7))
    check(Conv3d(4, 6, (3, 3, 2), (1, 2, 1), (1, 1, 0), (2, 1, 1), groups=2, method=method), (4, 6, 5))


def test_causal_convolution_answers_at_once(check) -> None:
    conv = Conv1d(3, 4, 3, dilation=2, causal=True)
    check(conv, (3,))
    assert (conv.receptive_field, conv.delay) == (5, 0)
    assert conv(torch.randn(1, 3, 9, dtype=torch.float64)).shape == (1, 4, 9)


@pytest.mark.parametrize(
    ("conv", "method"),
    [
        (Conv2d(64, 64, (9, 1)), "inputs"),
        (Conv2d(64, 32, (9, 1)), "sums"),
        (Conv3d(54, 54, 3, (1, 2, 2), groups=54), "sums"),
        (Conv3d(8, 64, 3, (1, 2, 2)), "inputs"),
    ],
)
def test_the_smaller_memory_is_chosen(conv, method) -> None:
    assert conv.method == method
    state = conv.initial_state(1, (conv.in_channels, 8, 8)[: conv.dims])
    assert state.names == ("frames", method)


def test_pointwise_convolution_needs_no_memory() -> None:
    assert Conv1d(3, 4, 1).memories == 0


def test_parameters_are_those_of_torch() -> None:
    ordinary, continual = nn.Conv3d(4, 6, 3, groups=2), Conv3d(4, 6, 3, groups=2)
    continual.load_state_dict(ordinary.state_dict())
    clip = torch.randn(1, 4, 5, 6, 7)
    assert torch.equal(continual(clip), ordinary(clip))


def test_settings_compose_as_in_the_published_example() -> None:
    """[Hedegaard 2022, Continual Inference, ex. 1], whose printed rules do not give the printed result."""
    chain = Sequential(Conv1d(2, 3, 3, stride=2, padding=2), Conv1d(3, 4, 3)).eval()
    assert (chain.receptive_field, chain.padding, chain.stride, chain.delay) == (7, 2, 2, 4)
    _, state = chain.steps(torch.randn(1, 2, 12), chain.initial_state(1, (2,)))
    assert chain.valid(state, steps=12)[0].nonzero().flatten().tolist() == [4, 6, 8, 10]


@pytest.mark.parametrize("arguments", [{"padding": 3}, {"padding": 1, "causal": True}, {"padding": "same"}])
def test_impossible_settings_are_refused(arguments) -> None:
    with pytest.raises(ValueError, match="padding"):
        Conv1d(2, 2, 3, **arguments)
