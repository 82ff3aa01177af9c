"""Causal neighbourhood attention: the three variants, by clip and by step."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from opendr_perception.streaming import Conv1d, NeighbourhoodAttention, Sequential

SETTINGS = [(3, 1), (5, 2), (3, 4), (7, 3)]


@pytest.mark.parametrize("variant", ["A", "M", "B"])
@pytest.mark.parametrize(("kernel", "dilation"), SETTINGS)
def test_step_equals_clip(check, variant, kernel, dilation) -> None:
    check(NeighbourhoodAttention(8, 2, kernel, dilation, variant=variant), (8,))


@pytest.mark.parametrize("variant", ["A", "M", "B"])
def test_behind_a_filling_block(check, variant) -> None:
    block = NeighbourhoodAttention(4, 2, 3, 2, variant=variant)
    check(Sequential(Conv1d(2, 4, 3), block), (2,), frames=30)
    check(Sequential(Conv1d(2, 4, 3, stride=2), block), (2,), frames=40)


@pytest.mark.parametrize(("variant", "field"), [("A", 9), ("M", 9), ("B", 13)])
def test_receptive_field_and_causality(variant, field) -> None:
    block = NeighbourhoodAttention(4, 1, 5, 2, variant=variant)
    assert block.receptive_field == field and block.delay == 0
    clip = torch.randn(1, 4, 40, requires_grad=True)
    block(clip)[0, :, 30].sum().backward()
    seen = clip.grad[0].abs().sum(0).nonzero().flatten().tolist()
    assert seen[0] == 30 - field + 1
    assert seen[-1] == (30 if variant != "B" else 30 - 4)


def _attend_by_hand(block: NeighbourhoodAttention, clip: Tensor, query: int, frames: list[int], column: int) -> Tensor:
    """Attend from one frame to some others; frames before the clip are tokens of zeros."""
    zeros = torch.zeros(len(clip), clip.shape[1], dtype=clip.dtype)
    token = lambda i: clip[:, :, i] if i >= 0 else zeros  # noqa: E731
    size, heads = clip.shape[1], block.heads
    q = block.qkv(token(query))[:, :size].unflatten(1, (heads, -1)) / (size // heads) ** 0.5
    k = torch.stack([block.qkv(token(i))[:, size : 2 * size].unflatten(1, (heads, -1)) for i in frames], 3)
    v = torch.stack([block.qkv(token(i))[:, 2 * size :].unflatten(1, (heads, -1)) for i in frames], 3)
    weights = ((q.unsqueeze(3) * k).sum(2) + block.rpb[:, column : column + len(frames)]).softmax(2)
    return block.proj((weights.unsqueeze(2) * v).sum(3).flatten(1))


@pytest.mark.parametrize(("kernel", "dilation"), SETTINGS)
def test_variants_are_what_they_are_defined_to_be(randomise, kernel, dilation) -> None:
    clip = torch.randn(2, 4, 5 * kernel * dilation, dtype=torch.float64)
    past = (kernel - 1) * dilation
    blocks = {v: randomise(NeighbourhoodAttention(4, 2, kernel, dilation, variant=v)).double() for v in "AMB"}
    outputs = {v: block(clip) for v, block in blocks.items()}
    for t in range(clip.shape[2]):
        frames = [t - past + dilation * j for j in range(kernel)]
        expected = _attend_by_hand(blocks["A"], clip, t, frames, 0)
        assert torch.allclose(outputs["A"][:, :, t], expected, rtol=0, atol=1e-12)
        real = [i for i in frames if i >= 0]
        expected = _attend_by_hand(blocks["M"], clip, t, real, kernel - len(real))
        assert torch.allclose(outputs["M"][:, :, t], expected, rtol=0, atol=1e-12)
        # Centred attention at place t of the clip with `past` zeros before it, with NATTEN's rule at the left border.
        half = kernel // 2
        if t < half * dilation:
            first, column = t % dilation, kernel - 1 - t // dilation
        else:
            first, column = t - half * dilation, half
        frames = [first + dilation * j - past for j in range(kernel)]
        expected = _attend_by_hand(blocks["B"], clip, t - past, frames, column)
        assert torch.allclose(outputs["B"][:, :, t], expected, rtol=0, atol=1e-12)


def test_a_stream_starts_with_the_biases_not_with_zeros() -> None:
    block = NeighbourhoodAttention(4, 2, 3, 2)
    state = block.initial_state(2, (4,))
    bias = block.qkv.bias[4:8, None].expand(2, 4, 4)
    assert torch.equal(state["keys"], bias)
    assert not state["keys"].requires_grad


@pytest.mark.parametrize("arguments", [(6, 4, 3), (4, 2, 4), (4, 2, 1), (4, 2, 3, 0)])
def test_impossible_settings_are_refused(arguments) -> None:
    with pytest.raises(ValueError, match=r"heads|neighbourhood"):
        NeighbourhoodAttention(*arguments)
