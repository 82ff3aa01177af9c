"""Cost of a step."""

from __future__ import annotations

from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from opendr_perception.streaming.contract import Streaming
from opendr_perception.streaming.state import Shape


def step_macs(network: Streaming, frame_shape: Shape | None = None) -> float:
    """Count the multiply-accumulates per frame of one stream, averaged over the phases of a strided network.

    Counted is what is really executed, in convolutions and matrix products; additions, norms and activations are not.

    Args:
        network: The network, in evaluation mode.
        frame_shape: Shape of one frame (C, ...), where the network does not fix it.
    """
    state = network.initial_state(1, frame_shape)
    shape = frame_shape or network.frame_shape
    assert shape is not None
    frame = next(network.parameters()).new_zeros(1, *shape)
    counter = FlopCounterMode(display=False)
    with counter:
        for i in range(network.stride):
            _, state = network.step(frame, state, phase=i)
    return counter.get_total_flops() / 2 / network.stride


def parameter_count(network: nn.Module) -> int:
    """Count the trainable parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
