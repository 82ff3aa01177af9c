"""A state is a value: it is copied, picked, batched and reset like a tensor."""

from __future__ import annotations

import pytest
import torch

from opendr_perception.streaming import Conv1d, Sequential, State


@pytest.fixture
def network() -> Sequential:
    return Sequential(Conv1d(2, 3, 3, padding=1), Conv1d(3, 4, 3)).eval()


def _after(network: Sequential, frames: int, streams: int = 3) -> State:
    _, state = network.steps(torch.randn(streams, 2, frames), network.initial_state(streams, (2,)))
    return state


def _equal(a: State, b: State) -> bool:
    return a.names == b.names and all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_names_follow_the_blocks(network) -> None:
    state = network.initial_state(2, (2,))
    assert state.names == ("frames", "0.inputs", "1.inputs")
    assert state["1.inputs"].shape == (2, 3, 2)
    assert state.frames.dtype == torch.int64
    assert state.nbytes == 2 * 8 + 4 * (2 * 2 * 2 + 2 * 3 * 2)


def test_streams_are_picked_and_batched(network) -> None:
    state = _after(network, 5)
    assert _equal(
        State.cat([state.select([2, 0]), state.select(torch.tensor([False, True, False]))]).select([1, 2, 0]), state
    )


def test_some_streams_are_reset(network) -> None:
    state, fresh = _after(network, 5), network.initial_state(3, (2,))
    mixed = fresh.where(torch.tensor([False, True, False]), state)
    assert mixed.frames.tolist() == [5, 0, 5]
    assert _equal(mixed.select([1]), network.initial_state(1, (2,)))
    assert _equal(mixed.select([0, 2]), state.select([0, 2]))


def test_some_streams_pause(network) -> None:
    """Streams without a frame keep their state, and go on later as if nothing had happened."""
    clip = torch.randn(2, 2, 8)
    expected, _ = network.steps(clip, network.initial_state(2, (2,)))
    state = network.initial_state(2, (2,))
    for t in range(8):
        _, new = network.step(clip[:, :, t], state)
        state = new.where(torch.tensor([True, t != 4]), state)
    assert state.frames.tolist() == [8, 7]
    state = state.select([1])
    output, _ = network.step(clip[1:, :, 7], state)
    chunk = torch.cat((clip[1:, :, :4], clip[1:, :, 5:], clip[1:, :, 7:]), 2)
    outputs, _ = network.steps(chunk, network.initial_state(1, (2,)))
    assert torch.allclose(output, outputs[:, :, -1], atol=1e-6)
    assert not torch.allclose(output, expected[1:, :, 7], atol=1e-3)


def test_move_keeps_counters_whole(network) -> None:
    moved = _after(network, 5).to(dtype=torch.float64)
    assert moved.frames.dtype == torch.int64 and moved["0.inputs"].dtype == torch.float64


def test_state_needs_no_gradient(network) -> None:
    output, state = network.step(torch.randn(1, 2), network.initial_state(1, (2,)))
    assert not output.requires_grad and not any(tensor.requires_grad for tensor in state)


def test_warm_is_the_receptive_field(network) -> None:
    assert not network.warm(_after(network, network.receptive_field - 1)).any()
    assert network.warm(_after(network, network.receptive_field)).all()


def test_states_of_different_networks_do_not_mix(network) -> None:
    other = Conv1d(2, 3, 3).initial_state(3, (2,))
    with pytest.raises(ValueError, match="different networks"):
        _after(network, 2).where(torch.tensor([True, True, False]), other)
    with pytest.raises(ValueError, match="same network"):
        State.cat([other, _after(network, 2)])
