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
    "convolution": Conv1d(4, 4, 3),
    "residual": Sequential(Residual(Conv1d(4, 4, 3, method="sums")), AvgPool(8, partial=True)),
    "attention": Sequential(SingleOutputAttention(4, 2, 6), NeighbourhoodAttention(4, 2, 3, 2)),
    "rows": RetroactiveAttention(4, 2, 6, method="incremental"),
}
STEPS = {"convolution": 10_000, "residual": 2_000, "attention": 2_000, "rows": 2_000}


@pytest.mark.parametrize("longer", [1, pytest.param(10, marks=pytest.mark.soak)])
@pytest.mark.parametrize("name", NETWORKS)
def test_no_drift_and_flat_memory(name: str, longer: int) -> None:
    steps, network = STEPS[name] * longer, NETWORKS[name]
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
