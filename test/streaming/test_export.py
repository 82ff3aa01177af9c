"""A step exports to ONNX with the state as inputs and outputs, for any number of streams."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from opendr_perception.engine.export import write_onnx
from opendr_perception.streaming import (
    AvgPool,
    Conditional,
    Conv1d,
    Conv2d,
    NeighbourhoodAttention,
    RecyclingPositionalEncoding,
    Residual,
    RetroactiveAttention,
    Sequential,
    State,
    Streaming,
    TransformerEncoder,
)

onnxruntime = pytest.importorskip("onnxruntime")


def _moved(frame: Tensor, before: Tensor) -> Tensor:
    return (frame - before).abs().flatten(1).amax(1) > 2.5


NETWORKS = {
    "strided": (
        Sequential(
            Residual(Conv2d(3, 3, (5, 1), padding=(2, 0))),
            Conv2d(3, 4, (3, 1), (2, 1), (1, 0)),
            Conv2d(4, 2, (3, 1), method="sums"),
            AvgPool(4, partial=True),
        ),
        (3, 5),
    ),
    "encoder": (
        Sequential(RecyclingPositionalEncoding(8, 11), TransformerEncoder(8, 2, 6, 12, 3), nn.BatchNorm1d(8)),
        (8,),
    ),
    "causal encoder": (TransformerEncoder(8, 2, 6, 12, 2, mode="causal", norm=True), (8,)),
    "retroactive": (RetroactiveAttention(8, 2, 5), (8,)),
    "incremental": (RetroactiveAttention(8, 2, 5, method="incremental"), (8,)),
    "conditional": (Conditional(Conv1d(4, 4, 3), _moved, patience=0), (4,)),
    **{
        v: (Sequential(Conv1d(4, 4, 3, causal=True), NeighbourhoodAttention(4, 2, 3, 2, variant=v)), (4,))
        for v in "AMB"
    },
}


class _Step(nn.Module):
    def __init__(self, network: Streaming, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, frame: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        output, state = self.network.step(frame, State(self.names, tensors))
        return output, self.network.valid(state), *state.tensors


@pytest.mark.parametrize("name", NETWORKS)
def test_runtime_equals_torch(randomise, name, tmp_path: Path) -> None:
    network, frame_shape = NETWORKS[name]
    randomise(network)
    state = network.initial_state(2, frame_shape)
    names = [f"state.{name}" for name in state.names]
    outputs = ["output", "valid", *(f"next.{name}" for name in state.names)]
    inputs = {"frame": torch.randn(2, *frame_shape), **dict(zip(names, state, strict=True))}
    axes = {name: {0: "streams"} for name in [*inputs, *outputs]}
    write_onnx(_Step(network, state.names), tmp_path / "step.onnx", inputs, outputs, axes)
    session = onnxruntime.InferenceSession(tmp_path / "step.onnx", providers=["CPUExecutionProvider"])
    early = network.steps(torch.randn(2, frame_shape[0], 3, *frame_shape[1:]), state)[1]
    state = State.cat([early, network.initial_state(1, frame_shape)])  # three streams that are not in step
    theirs = [tensor.numpy() for tensor in state]
    for frame in torch.randn(40, 3, *frame_shape):
        output, state = network.step(frame, state)
        result, valid, *theirs = session.run(None, dict(zip(inputs, [frame.numpy(), *theirs], strict=True)))
        assert valid.tolist() == network.valid(state).tolist()
        assert torch.allclose(torch.from_numpy(result), output, atol=1e-5)
    assert state.frames.tolist() == theirs[0].tolist() == [43, 43, 40]
    weeks = torch.tensor([2**25 + 1, 2**25 + 2, 2**25 + 3])  # at 30 Hz, and more than a float can count
    state, theirs[0] = State(state.names, (weeks, *state.tensors[1:])), weeks.numpy()
    output, state = network.step(frame, state)
    result, *_ = session.run(None, dict(zip(inputs, [frame.numpy(), *theirs], strict=True)))
    assert torch.allclose(torch.from_numpy(result), output, atol=1e-5)
