"""The PyPI library `continual-inference` as an independent oracle, for the layers in which it is right."""

from __future__ import annotations

import pytest
import torch

from opendr_perception.streaming import (
    AvgPool,
    Conv1d,
    Conv3d,
    Delay,
    MaxPool,
    RetroactiveAttention,
    SingleOutputAttention,
    Streaming,
)

co = pytest.importorskip("continual", reason="continual-inference 1.2.4 is not installed")


def _compare(ours: Streaming, theirs: torch.nn.Module, frame_shape: tuple[int, ...], frames: int = 30) -> None:
    ours.eval(), theirs.eval()
    clip = torch.randn(2, frame_shape[0], frames, *frame_shape[1:])
    state = ours.initial_state(2, frame_shape)
    compared = 0
    with torch.no_grad():
        for frame in clip.unbind(2):
            output, state = ours.step(frame, state)
            expected = theirs.forward_step(frame)
            if isinstance(expected, torch.Tensor) and len(expected) > 0:
                assert ours.valid(state).all()
                if expected.ndim == 3 and isinstance(ours, RetroactiveAttention):  # theirs has tokens first
                    expected = expected.permute(1, 2, 0)
                assert torch.allclose(output.reshape(expected.shape), expected, atol=1e-5)
                compared += 1
    assert compared >= frames // 2


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_convolution(padding) -> None:
    for method in ("inputs", "sums"):
        ours, theirs = Conv1d(3, 4, 3, padding=padding, method=method), co.Conv1d(3, 4, 3, padding=padding)
        ours.load_state_dict(theirs.state_dict())
        _compare(ours, theirs, (3,))
        ours = Conv3d(4, 6, 3, 1, (padding, 1, 1), groups=2, method=method)
        theirs = co.Conv3d(4, 6, 3, padding=(padding, 1, 1), groups=2)
        ours.load_state_dict(theirs.state_dict())
        _compare(ours, theirs, (4, 5, 6))


def test_pool_and_delay() -> None:
    _compare(AvgPool(4), co.AvgPool1d(4, stride=1), (3,))
    _compare(MaxPool(4), co.MaxPool1d(4, stride=1), (3,))
    _compare(Delay(3), co.Delay(3), (3,))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SingleOutputAttention, "SingleOutputMultiheadAttention"),
        (RetroactiveAttention, "RetroactiveMultiheadAttention"),
    ],
)
def test_attention(ours, theirs) -> None:
    block = ours(8, 2, 5)
    oracle = getattr(co, theirs)(8, 2, dropout=0.0, sequence_len=5)
    block.load_state_dict(oracle.state_dict())
    _compare(block, oracle, (8,))
