"""Continual attention equals attention over the window."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from opendr_perception.streaming import Conv1d, RetroactiveAttention, Sequential, SingleOutputAttention


@pytest.mark.parametrize("window", [2, 5, 9])
def test_step_equals_clip(check, window) -> None:
    check(SingleOutputAttention(8, 2, window), (8,))


@pytest.mark.parametrize("window", [2, 5, 9])
@pytest.mark.parametrize("method", ["exact", "incremental"])
def test_newest_row_equals_single_output(randomise, window, method) -> None:
    """Rows of empty places have no meaning, so rows are compared where a token is."""
    block = randomise(RetroactiveAttention(8, 2, window, method=method)).double()
    clip = torch.randn(2, 8, 4 * window, dtype=torch.float64)
    outputs, _ = block.steps(clip, block.initial_state(2, (8,)))
    expected = block(clip)
    assert outputs.shape == expected.shape == (2, 8, 4 * window, window)
    for t in range(4 * window):
        rows = min(t + 1, window)
        assert torch.allclose(outputs[:, :, t, -rows:], expected[:, :, t, -rows:], rtol=0, atol=1e-12)
    single = SingleOutputAttention(8, 2, window).double().eval()
    single.load_state_dict(block.state_dict())
    assert torch.allclose(outputs[..., -1], single(clip), rtol=0, atol=1e-12)


@pytest.mark.parametrize("bias", [True, False])
def test_window_equals_torch(randomise, bias) -> None:
    ordinary = nn.MultiheadAttention(8, 2, bias=bias, batch_first=True)
    if bias:
        ordinary = randomise(ordinary)
    single, retroactive = (kind(8, 2, 6, bias=bias).eval() for kind in (SingleOutputAttention, RetroactiveAttention))
    for block in (single, retroactive):
        missing = block.load_state_dict(ordinary.state_dict(), strict=bias)
        assert not missing.unexpected_keys
        if not bias:
            block.out_proj.bias.data.zero_()
    clip = torch.randn(2, 8, 20)
    newest, _ = single.steps(clip, single.initial_state(2, (8,)))
    rows, _ = retroactive.steps(clip, retroactive.initial_state(2, (8,)))
    for t in range(20):
        window = clip[:, :, max(0, t - 5) : t + 1].transpose(1, 2)
        expected = ordinary(window, window, window)[0].transpose(1, 2)
        assert torch.allclose(newest[:, :, t], expected[:, :, -1], atol=1e-5)
        assert torch.allclose(rows[:, :, t, -window.shape[1] :], expected, atol=1e-5)


@pytest.mark.parametrize("spread", [1.0, 4.0, 8.0, 16.0])
def test_incremental_rows_stay_exact_whatever_the_scores(spread) -> None:
    """Scores of trained attention are peaked; updating sums as printed then loses all digits."""
    window = 24
    exact = RetroactiveAttention(16, 2, window, method="exact").eval()
    incremental = RetroactiveAttention(16, 2, window, method="incremental").eval()
    with torch.no_grad():
        exact.in_proj_weight[:32].normal_(0, (spread / 16) ** 0.5)  # the standard deviation of scores
    incremental.load_state_dict(exact.state_dict())
    clip = torch.randn(1, 16, 400)
    a, _ = exact.steps(clip, exact.initial_state(1, (16,)))
    b, _ = incremental.steps(clip, incremental.initial_state(1, (16,)))
    assert (a - b)[:, :, window:].abs().max() < 1e-4


def test_a_dominating_token_that_leaves_takes_no_digits_along() -> None:
    window = 10
    block = RetroactiveAttention(4, 1, window, method="incremental").eval()
    exact = RetroactiveAttention(4, 1, window, method="exact").eval()
    exact.load_state_dict(block.state_dict())
    clip = torch.randn(1, 4, 60)
    clip[:, :, 20] *= 100
    a, _ = block.steps(clip, block.initial_state(1, (4,)))
    b, _ = exact.steps(clip, exact.initial_state(1, (4,)))
    assert (a - b)[:, :, 32:].abs().max() < 1e-4


def test_default_method_follows_the_window() -> None:
    assert RetroactiveAttention(4, 1, 128).method == "exact"
    assert RetroactiveAttention(4, 1, 129).method == "incremental"


def test_attention_behind_a_filling_block(check) -> None:
    check(Sequential(Conv1d(2, 4, 3, stride=2), SingleOutputAttention(4, 2, 4)), (2,), frames=30)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="divide"):
        SingleOutputAttention(6, 4, 8)
    with pytest.raises(ValueError, match="window"):
        SingleOutputAttention(6, 3, 1)
