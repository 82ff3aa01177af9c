"""A stream may run for ever: no drift, and no memory that grows."""

from __future__ import annotations

import gc

import pytest
import torch

from opendr_perception.streaming import (
    AvgPool,
    Conv1d,
    NeighbourhoodAttention,
    Residual,
    RetroactiveAttention,
    Sequential,
    SingleOutputAttention,
)

NETWORKS = {
    "convolution": (100_000, Conv1d(4, 4, 3)),
    "residual": (5_000, Sequential(Residual(Conv1d(4, 4, 3, method="sums")), AvgPool(8, partial=True))),
    "attention": (5_000, Sequential(SingleOutputAttention(4, 2, 6), NeighbourhoodAttention(4, 2, 3, 2))),
    "rows": (3_000, RetroactiveAttention(4, 2, 6, method="incremental")),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_no_drift_and_flat_memory(name) -> None:
    steps, network = NETWORKS[name]
    network.eval()
    fresh = network.receptive_field + 3
    state = network.initial_state(1, (4,))
    errors, tensors = [], []
    for _ in range(4):
        clip = torch.randn(1, 4, steps // 4)
        with torch.inference_mode():
            for frame in clip.unbind(2):
                output, state = network.step(frame, state)
        expected, _ = network.steps(clip[:, :, -fresh:], network.initial_state(1, (4,)))
        errors.append(float((output - expected[:, :, -1]).abs().max()))
        gc.collect()
        tensors.append(sum(type(thing) is torch.Tensor for thing in gc.get_objects()))
    assert state.frames.tolist() == [steps]
    assert max(errors) < 1e-5
    assert tensors[-1] <= tensors[0] + 2
