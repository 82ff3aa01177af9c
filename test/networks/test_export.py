"""Whole networks export: one graph for any mixture of streams, or one small graph per phase."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from opendr_perception.engine.export import write_onnx
from opendr_perception.networks.action.co_s_tr import CoSTr
from opendr_perception.networks.emotion.nac_tcn import NacTcn
from opendr_perception.streaming import AvgPool, Conv2d, Residual, Sequential, State, Streaming

onnxruntime = pytest.importorskip("onnxruntime")


class _Step(nn.Module):
    def __init__(self, network: Streaming, names: tuple[str, ...], phase: int | None) -> None:
        super().__init__()
        self.network, self.names, self.phase = network, names, phase

    def forward(self, frame: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        output, state = self.network.step(frame, State(self.names, tensors), self.phase)
        return output, *state.tensors


def _session(network: Streaming, path: Path, phase: int | None = None) -> Any:
    state = network.initial_state(2)
    outputs = ["output", *(f"next.{name}" for name in state.names)]
    assert network.frame_shape
    inputs = {"frame": torch.randn(2, *network.frame_shape), **dict(zip(state.names, state, strict=True))}
    axes = {name: {0: "streams"} for name in [*inputs, *outputs]}
    write_onnx(_Step(network, state.names, phase), path, inputs, outputs, axes)
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def _run(session: Any, frame: Tensor, state: list[Any]) -> tuple[Tensor, list[Any]]:
    names = [argument.name for argument in session.get_inputs()]
    output, *state = session.run(None, dict(zip(names, [frame.numpy(), *state], strict=True)))
    return torch.from_numpy(output), state


@pytest.mark.parametrize(
    "make",
    [lambda: CoSTr("coco17", 7, width=32, frames=50, stages=(1, 1, 2)), lambda: NacTcn(6, (8, 12), 3, variant="B")],
    ids=["CoS-TR*", "NAC-TCN"],
)
def test_one_graph_for_all_streams(randomise, make, tmp_path: Path) -> None:
    network = randomise(make())
    session = _session(network, tmp_path / "step.onnx")
    state = network.initial_state(3)
    theirs = [tensor.numpy() for tensor in state]
    for t, frame in enumerate(torch.randn(90, 3, *network.frame_shape)):
        output, state = network.step(frame, state)
        result, theirs = _run(session, frame, theirs)
        if t >= network.delay:
            assert (result - output).abs().max() <= 1e-4 * max(1.0, float(output.abs().max()))


def test_one_graph_per_phase(randomise, tmp_path: Path) -> None:
    network = randomise(
        Sequential(
            Residual(Conv2d(3, 3, (3, 1), padding=(1, 0))),
            Conv2d(3, 4, (3, 1), (2, 1), (1, 0)),
            Conv2d(4, 4, (3, 1), (2, 1), (1, 0)),
            AvgPool(3),
        )
    )
    network.frame_shape = (3, 5)
    sessions = [_session(network, tmp_path / f"{phase}.onnx", phase) for phase in range(4)]
    state = network.initial_state(1)
    theirs = [tensor.numpy() for tensor in state]
    compared = 0
    for t, frame in enumerate(torch.randn(90, 1, *network.frame_shape)):
        output, state = network.step(frame, state)
        result, theirs = _run(sessions[t % 4], frame, theirs)
        if network.valid(state).all():
            compared += 1
            assert (result - output).abs().max() <= 1e-4 * max(1.0, float(output.abs().max()))
    assert compared > 15
