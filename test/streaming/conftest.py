"""Contract of every streaming block and network, whatever it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from opendr_perception.streaming import State, Streaming

TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5}
Check = Callable[..., None]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def randomise(module: nn.Module) -> nn.Module:
    """Make sure that no weight is neutral and hides an error."""
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                part.running_mean.normal_(0, 0.1)
                part.running_var.uniform_(0.5, 1.5)
                part.weight.uniform_(0.5, 1.5)
                part.bias.normal_(0, 0.1)
        for name, parameter in module.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.3)
    return module.eval()


@pytest.fixture(name="randomise")
def _randomise() -> Callable[[nn.Module], nn.Module]:
    return randomise


@pytest.fixture
def check() -> Check:
    """Return the acceptance test of a block: `check(block, frame_shape, frames=...)`."""

    def check_all(block: Streaming, frame_shape: tuple[int, ...], frames: int | None = None) -> None:
        randomise(block)
        frames = frames or 3 * block.receptive_field + 2
        for dtype in (torch.float32, torch.float64):
            block.to(dtype)
            clip = torch.randn(2, frame_shape[0], frames, *frame_shape[1:], dtype=dtype)
            _step_equals_clip(block, clip)
        _streams_are_independent(block, clip)
        _staggered_streams_batch(block, clip)
        _state_is_a_value(block, clip)
        _phases_leave_out_what_waits(block, clip)

    return check_all


def run(block: Streaming, clip: Tensor, state: State | None = None) -> tuple[Tensor, Tensor]:
    """Return the outputs (B, C', T, ...) of all steps, and which are valid (B, T)."""
    if state is None:
        state = block.initial_state(len(clip), tuple(clip[:, :, 0].shape[1:]))
    outputs, state = block.steps(clip, state)
    return outputs, block.valid(state, steps=clip.shape[2])


def _step_equals_clip(block: Streaming, clip: Tensor) -> None:
    expected = block(clip).detach()
    outputs, valid = run(block, clip)
    time = torch.arange(clip.shape[2])
    due = (time >= block.delay) & ((time - block.delay) % block.stride == 0)
    assert torch.equal(valid, due.expand(len(clip), -1))
    outputs = outputs[:, :, due]
    assert 0 < outputs.shape[2] <= expected.shape[2]
    assert outputs.shape[1:2] == expected.shape[1:2]
    error = (outputs - expected[:, :, : outputs.shape[2]]).abs()
    assert error.nan_to_num(0).max() <= TOLERANCE[clip.dtype] * max(1, expected[expected.isfinite()].abs().max())
    assert outputs.isfinite().all() and expected.isfinite().all()


def _streams_are_independent(block: Streaming, clip: Tensor) -> None:
    """Two streams in turn give, bit for bit, what they give alone; a fresh state gives what the first one gave."""
    shape = tuple(clip[:, :, 0].shape[1:])
    alone = [run(block, clip[i : i + 1])[0] for i in (0, 1)]
    states = [block.initial_state(1, shape) for _ in range(2)]
    for t in range(clip.shape[2]):
        for i in (0, 1):
            output, states[i] = block.step(clip[i : i + 1, :, t], states[i])
            assert torch.equal(output, alone[i][:, :, t])
    assert torch.equal(run(block, clip[:1])[0], alone[0])


def _staggered_streams_batch(block: Streaming, clip: Tensor) -> None:
    """Streams that started at different times share a batch."""
    shape = tuple(clip[:, :, 0].shape[1:])
    late = max(1, clip.shape[2] // 3)
    alone, valid_alone = run(block, clip)
    _, early = block.steps(clip[:1, :, :late], block.initial_state(1, shape))
    batch = State.cat([early, block.initial_state(1, shape)])
    together = clip.shape[2] - late
    chunk = torch.stack((clip[0, :, late:], clip[1, :, :together]))
    outputs, valid = run(block, chunk, batch)
    for i, begin in ((0, late), (1, 0)):
        expected, due = alone[i, :, begin : begin + together], valid_alone[i, begin : begin + together]
        assert torch.equal(valid[i], due)
        if due.any():
            assert (outputs[i][:, due] - expected[:, due]).abs().max() <= 1e-12 * max(1, expected[:, due].abs().max())


def _state_is_a_value(block: Streaming, clip: Tensor) -> None:
    """A step changes nothing that it was given, and a clone lives its own life."""
    shape = tuple(clip[:, :, 0].shape[1:])
    half = clip.shape[2] // 2
    _, state = block.steps(clip[:, :, :half], block.initial_state(2, shape))
    assert len(state) == 1 + block.memories
    assert state.names == block.initial_state(2, shape).names
    assert all(len(tensor) == 2 for tensor in state)
    frame, before, clone = clip[:, :, half].clone(), state.clone(), state.clone()
    block.step(frame, state)
    assert all(torch.equal(a, b) for a, b in zip(state, before, strict=True))
    assert torch.equal(frame, clip[:, :, half])
    block.steps(torch.randn_like(clip), clone)
    rest, _ = run(block, clip[:, :, half:], state)
    assert torch.equal(rest, run(block, clip)[0][:, :, half:])


def _phases_leave_out_what_waits(block: Streaming, clip: Tensor) -> None:
    expected, valid = run(block, clip)
    state = block.initial_state(len(clip), tuple(clip[:, :, 0].shape[1:]))
    for t, frame in enumerate(clip.unbind(2)):
        output, state = block.step(frame, state, phase=t % block.stride)
        if valid[0, t]:
            assert torch.allclose(output, expected[:, :, t], rtol=0, atol=1e-12)
