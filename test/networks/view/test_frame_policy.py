"""The published network that sees the image alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from opendr_perception.networks.view.frame_policy import ACTIONS, FRAME, FrameNetwork


def test_it_is_the_published_network() -> None:
    torch.manual_seed(0)
    network = FrameNetwork().eval()
    assert sum(parameter.numel() for parameter in network.parameters()) == 14_168_886
    images = np.random.default_rng(0).integers(0, 256, (2, *FRAME, 3), np.uint8)
    frames = torch.from_numpy(images)
    with torch.no_grad():
        probabilities, values = network(frames), network.value(frames)
        alone = network(frames[:1])
        before = network.trunk[0](frames.permute(0, 3, 1, 2) / 255)
    assert probabilities.shape == (2, ACTIONS)
    assert probabilities.sum(1).tolist() == pytest.approx([1, 1])
    assert probabilities[0].tolist() == pytest.approx(alone[0].tolist(), abs=1e-6)
    assert before.shape[1:] == (16, 74, 99)
    assert values.shape == (2,)
    assert values.abs().max() < 1
