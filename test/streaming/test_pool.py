"""Continual pooling equals the pooling of the clip."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from opendr_perception.streaming import AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, Conv1d, MaxPool, Sequential


@pytest.mark.parametrize("pool", [AvgPool, MaxPool])
@pytest.mark.parametrize(("window", "stride", "padding"), [(1, 1, 0), (4, 1, 0), (5, 2, 2), (3, 3, 1)])
def test_step_equals_clip(check, pool, window, stride, padding) -> None:
    check(pool(window, stride, padding), (3, 2), frames=17)


@pytest.mark.parametrize("pool", [AvgPool, MaxPool])
@pytest.mark.parametrize("stride", [1, 2])
def test_partial_step_equals_partial_clip(check, pool, stride) -> None:
    check(pool(4, stride, partial=True), (3,), frames=15)


@pytest.mark.parametrize(("pool", "ordinary"), [(AvgPool, nn.AvgPool1d), (MaxPool, nn.MaxPool1d)])
def test_clip_is_pooled_as_in_torch(pool, ordinary) -> None:
    clip = torch.randn(2, 3, 11)
    for settings in ((3, 1, 0), (4, 2, 1), (5, 3, 2)):
        assert torch.allclose(pool(*settings)(clip), ordinary(*settings)(clip))


def test_partial_pool_counts_only_what_it_has_seen() -> None:
    pool = AvgPool(4, partial=True).eval()
    outputs, _ = pool.steps(torch.tensor([[[2.0, 4.0, 6.0, 8.0, 10.0]]]), pool.initial_state(1, (1,)))
    assert outputs.flatten().tolist() == [2, 3, 4, 5, 7]


def test_partial_pool_behind_a_filling_block_starts_counting_with_its_first_input(check) -> None:
    check(Sequential(Conv1d(2, 3, 5), AvgPool(6, partial=True)), (2,), frames=30)
    check(Sequential(Conv1d(2, 3, 3, stride=2, padding=1), MaxPool(3, partial=True)), (2,), frames=30)


@pytest.mark.parametrize(
    ("pool", "ordinary"), [(AdaptiveAvgPool, nn.AdaptiveAvgPool1d), (AdaptiveMaxPool, nn.AdaptiveMaxPool1d)]
)
def test_adaptive_pool_takes_a_clip_as_a_whole(pool, ordinary) -> None:
    for frames in (1, 7, 10):
        clip = torch.randn(2, 3, frames)
        assert torch.allclose(pool(10)(clip)[:, :, -1:], ordinary(1)(clip), atol=1e-6)


@pytest.mark.parametrize("arguments", [{"window": 0}, {"window": 3, "padding": 3}, {"window": 3, "stride": 0}])
def test_impossible_settings_are_refused(arguments) -> None:
    with pytest.raises(ValueError, match="no pool"):
        AvgPool(**arguments)
    with pytest.raises(ValueError, match="no padding"):
        AvgPool(3, padding=1, partial=True)
