"""From networks in torch to ONNX files: `write_onnx` any of them, `export` a streaming one with explicit state.

The graph of a streaming network computes one step for any number of streams B:

    frame (B, C, ...), state.<name> (B, ...) ...  ->  output (B, ...), valid (B,), new.<name> (B, ...) ...

Where a network takes the joints of all streams as rows of one matrix, so does the graph: state.<name> (B rows, c).
The state of a new stream is stored in the file's metadata, so that running it needs neither torch nor the network. A
network is exported as its `for_inference` form, whose state may differ from its own.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn
from torch.export import Dim

from opendr_perception.engine.ports import merge_rows, replaced_in_place
from opendr_perception.engine.stateful import encode_initial_state
from opendr_perception.files import replacing
from opendr_perception.streaming import State, Streaming

OPSET = 20
"""The first with GELU as one operator."""

Axes = Mapping[str, Mapping[int, str]]


def write_onnx(
    network: nn.Module,
    path: Path,
    inputs: Mapping[str, Tensor],
    outputs: Sequence[str],
    dynamic: Axes,
    metadata: Mapping[str, str] | None = None,
    revise: Callable[[onnx.ModelProto], Mapping[str, str] | None] = lambda model: None,
) -> None:
    """Write a network as an ONNX file, as a whole or not at all.

    Args:
        network: takes the inputs in their order; it is written, and left, in evaluation mode.
        path: the file.
        inputs: an example of each input, by its name.
        outputs: their names.
        dynamic: names of the axes that may have any length, by tensor and number.
        metadata: texts to store in the file.
        revise: changes the graph before it is checked, and may return more texts.
    """
    model = _captured(network, inputs, outputs, dynamic)
    texts = {**(metadata or {}), **(revise(model) or {})}
    onnx.checker.check_model(model)
    onnx.helper.set_model_props(model, texts)
    with replacing(path) as unfinished:
        onnx.save(model, str(unfinished))


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
    state = network.initial_state(2, frame_shape)
    shape = frame_shape if frame_shape is not None else network.frame_shape
    assert shape is not None  # initial_state has checked it
    frame = state.tensors[1].new_zeros(2, *shape) if len(state) > 1 else torch.zeros(2, *shape)
    inputs = {"frame": frame, **{f"state.{name}": tensor for name, tensor in zip(state.names, state, strict=True)}}
    outputs = ["output", "valid", *(f"new.{name}" for name in state.names)]
    first = state
    for _ in range(blank):
        _, first = network.step(torch.zeros(2, *shape), first)
    texts = {
        "initial_state": encode_initial_state(
            {name: tensor[0].numpy() for name, tensor in zip(first.names, first, strict=True)}
        ),
        "receptive_field": str(network.receptive_field),
        "delay": str(network.delay),
        "stride": str(network.stride),
        **(metadata or {}),
    }

    def revise(model: onnx.ModelProto) -> Mapping[str, str]:
        merge_rows(model.graph, state.names)
        return {"in_place": json.dumps(replaced_in_place(model.graph, state.names))}

    step = _Step(network, state.names, softmax)
    write_onnx(step, path, inputs, outputs, {name: {0: "streams"} for name in [*inputs, *outputs]}, texts, revise)


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


class _Flat(nn.Module):
    """Any signature as that of a list of tensors."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
        result: Tensor | tuple[Tensor, ...] = self.network(*tensors)
        return result


@torch.no_grad()
def _captured(
    network: nn.Module, inputs: Mapping[str, Tensor], outputs: Sequence[str], dynamic: Axes
) -> onnx.ModelProto:
    free = tuple(dict.fromkeys(dynamic.get(name, {}), Dim.DYNAMIC) for name in inputs)
    examples = tuple(_longer(tensor, axes) for tensor, axes in zip(inputs.values(), free, strict=True))
    with _quiet():
        program = torch.onnx.export(
            _Flat(network).eval(),
            examples,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=(free,),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model: onnx.ModelProto = program.model_proto
    _leave_out_traces(model.graph)
    _compute_all(model.graph)
    for port in [*model.graph.input, *model.graph.output]:
        for axis, name in dynamic.get(port.name, {}).items():
            port.type.tensor_type.shape.dim[axis].dim_param = name
    return model


def _compute_all(graph: onnx.GraphProto) -> None:
    """Make outputs that are constants those of a node, as the format wants them."""
    constants = {constant.name: constant for constant in graph.initializer}
    for output in graph.output:
        if output.name in constants:
            name = f"{output.name}_constant"
            constants[output.name].name = name
            for node in graph.node:
                node.input[:] = [name if given == output.name else given for given in node.input]
            graph.node.append(onnx.helper.make_node("Identity", [name], [output.name], output.name))


def _longer(example: Tensor, free: Iterable[int]) -> Tensor:
    """At least two in each axis of any length: one would be taken for a constant."""
    for axis in free:
        if example.shape[axis] == 1:
            example = example.repeat_interleave(2, axis)
    return example


def _leave_out_traces(graph: onnx.GraphProto) -> None:
    """Leave out what nobody needs to run a graph: lines of source code, names of places, shapes in between."""
    del graph.value_info[:], graph.metadata_props[:]
    for item in [*graph.input, *graph.output, *graph.initializer, *graph.node]:
        del item.metadata_props[:]
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                _leave_out_traces(attribute.g)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what torch tells its own developers to itself: operators of packages that are not here, and the like."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"(torch|onnxscript|onnx_ir|copyreg)\b")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
