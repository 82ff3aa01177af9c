"""From a streaming network in torch to an ONNX file with explicit state.

The graph computes one step for any number of streams B:

    frame (B, C, ...), state.<name> (B, ...) ...  ->  output (B, ...), valid (B,), new.<name> (B, ...) ...

Where a network takes the joints of all streams as rows of one matrix, so does the graph: state.<name> (B rows, c).
The state of a new stream is stored in the file's metadata, so that running it needs neither torch nor the network. A
network is exported as its `for_inference` form, whose state may differ from its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from opendr_perception.engine.ports import merge_rows, replaced_in_place
from opendr_perception.engine.stateful import encode_initial_state
from opendr_perception.files import replacing
from opendr_perception.streaming import State, Streaming

OPSET = 18


def export(
    network: Streaming,
    path: Path,
    frame_shape: tuple[int, ...] | None = None,
    *,
    softmax: bool = False,
    blank: int = 0,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write one step of a network as an ONNX file, as a whole or not at all.

    Args:
        network: in evaluation mode.
        path: the file.
        frame_shape: of one frame without the stream axis, where the network does not fix it.
        softmax: end with a softmax over axis 1, so that scores come out as probabilities.
        blank: so many frames of zeros stand before each stream, as in the training of a network that shall answer from
            the first frame on. They do not count as seen.
        metadata: more texts to store in the file, e.g. labels.

    Raises:
        RuntimeError: the network is in training mode.
    """
    if network.training:
        raise RuntimeError("export is for inference: call eval() first")
    network = network.for_inference()
    # Two streams: a batch of one would be taken for a constant.
    state = network.initial_state(2, frame_shape)
    shape = frame_shape if frame_shape is not None else network.frame_shape
    assert shape is not None  # initial_state has checked it
    inputs = [f"state.{name}" for name in state.names]
    outputs = ["output", "valid", *(f"new.{name}" for name in state.names)]
    with replacing(path) as unfinished:
        torch.onnx.export(
            _Step(network, state.names, softmax).eval(),
            (state.tensors[1].new_zeros(2, *shape) if len(state) > 1 else torch.zeros(2, *shape), *state.tensors),
            str(unfinished),
            input_names=["frame", *inputs],
            output_names=outputs,
            dynamic_axes={name: {0: "streams"} for name in ["frame", *inputs, *outputs]},
            opset_version=OPSET,
            dynamo=False,
        )
        model = onnx.load(str(unfinished))
        merge_rows(model.graph, state.names)
        onnx.checker.check_model(model)
        for _ in range(blank):
            _, state = network.step(torch.zeros(2, *shape), state)
        first = {name: tensor[0].numpy() for name, tensor in zip(state.names, state.tensors, strict=True)}
        texts = {
            "initial_state": encode_initial_state(first),
            "receptive_field": str(network.receptive_field),
            "delay": str(network.delay),
            "stride": str(network.stride),
            "in_place": json.dumps(replaced_in_place(model.graph, state.names)),
            **(metadata or {}),
        }
        onnx.helper.set_model_props(model, texts)
        onnx.save(model, str(unfinished))


class _Step(nn.Module):
    """A step with tensors in and tensors out, as ONNX knows them."""

    def __init__(self, network: Streaming, names: tuple[str, ...], softmax: bool) -> None:
        super().__init__()
        self.network = network
        self.names = names
        self.softmax = softmax

    def forward(self, frame: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        output, new = self.network.step(frame, State(self.names, state))
        if self.softmax:
            output = output.softmax(1)
        return (output, self.network.valid(new), *new.tensors)
