"""The continual transformer at the published sizes."""

from __future__ import annotations

import pytest
import torch

from opendr_perception.networks.co_transformer import CoTransformer
from opendr_perception.streaming import parameter_count, step_macs


def _small(layers: int, window: int, mode: str = "window") -> CoTransformer:
    network = CoTransformer(5, 3, channels=8, heads=2, window=window, hidden=12, layers=layers, mode=mode)
    return network.double().eval()


@pytest.mark.parametrize("mode", ["window", "causal"])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("window", [3, 6])
def test_step_equals_clip(layers, window, mode) -> None:
    network = _small(layers, window, mode)
    clip = torch.randn(2, 5, 4 * window, dtype=torch.float64)
    outputs, _ = network.steps(clip, network.initial_state(2))
    assert (outputs - network(clip)).abs().max() <= 1e-12
    if mode == "window":  # any window, with the positions that its frames had in the stream
        for first in (0, 5):
            expected = network.forward_window(clip[:, :, first : first + window], first)
            assert (outputs[:, :, first + window - 1] - expected).abs().max() <= 1e-12


@pytest.mark.parametrize(
    ("layers", "learned", "parameters"),
    [(1, False, 9_469_974), (1, True, 9_600_022), (2, False, 15_768_598)],
)
def test_published_sizes(layers, learned, parameters) -> None:
    assert parameter_count(CoTransformer(3072, 22, layers=layers, learned_positions=learned)) == parameters


def test_cost_is_at_most_as_published() -> None:
    assert step_macs(CoTransformer(3072, 22).eval()) == 9_590_784
    assert step_macs(CoTransformer(3072, 22, layers=2).eval()) <= 346.6e6


def test_windows_train() -> None:
    network = CoTransformer(5, 3, channels=8, heads=2, window=6, hidden=12, layers=2, learned_positions=True)
    network.forward_window(torch.randn(2, 5, 6), offset=4).square().sum().backward()
    assert all(p.grad is not None for p in network.parameters())
