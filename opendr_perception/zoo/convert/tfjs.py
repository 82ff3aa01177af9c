"""Convert the feature extractor of a TensorFlow.js graph model to ONNX.

TensorFlow sees feature maps as NHWC, onnxruntime is quickest with NCHW. So every map is built as NCHW, and `GraphMap`
remembers which way the source graph believes it lies: its Transpose nodes only flip that belief and cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

import numpy as np

from opendr_perception.zoo.convert.builder import GraphBuilder, Pads
from opendr_perception.zoo.convert.tfjs_graph import Node, TfjsGraph

TO_CHANNELS_FIRST = (0, 3, 1, 2)
TO_CHANNELS_LAST = (0, 2, 3, 1)


class ConversionError(ValueError):
    """The graph holds something that this converter does not translate."""


@dataclass(frozen=True)
class GraphMap:
    """An NCHW tensor of the ONNX graph.

    Attributes:
        tensor: its name.
        channels, height, width: its size; height and width are those at the nominal input size.
        channels_last: the source graph sees it as NHWC.
    """

    tensor: str
    channels: int
    height: int
    width: int
    channels_last: bool


Value = GraphMap | np.ndarray
Operator = Callable[[GraphBuilder, Node, list[Value]], GraphMap]


def convert(graph: TfjsGraph, builder: GraphBuilder, inputs: Mapping[str, Value], outputs: list[str]) -> list[GraphMap]:
    """Translate the part of a graph between given tensors.

    Args:
        graph: source.
        builder: the ONNX graph to append to.
        inputs: maps, or constants, that stand for operators of the source graph; what lies before them is not
            translated.
        outputs: names of the operators whose results are wanted.

    Returns:
        A map for each of `outputs`.

    Raises:
        ConversionError: an operator or one of its settings is not supported.
    """
    values: dict[str, Value] = dict(inputs)
    for name in TopologicalSorter(_dependencies(graph, set(inputs), outputs)).static_order():
        if name in values:
            continue
        node = graph.nodes[name]
        if name in graph.weights:
            values[name] = graph.weights[name]
        elif node.op in OPERATORS:
            values[name] = OPERATORS[node.op](builder, node, [values[source] for source in node.inputs])
        else:
            raise ConversionError(f"operator {node.op} ({name}) is not supported")
    return [_feature_map(values[name], graph.nodes[name]) for name in outputs]


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """TensorFlow's SAME padding before and after one axis; the odd pixel goes to the end."""
    total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def _dependencies(graph: TfjsGraph, known: set[str], outputs: list[str]) -> dict[str, tuple[str, ...]]:
    dependencies: dict[str, tuple[str, ...]] = {}
    open_names = list(outputs)
    while open_names:
        name = open_names.pop()
        if name not in dependencies:
            if name not in graph.nodes:
                raise ConversionError(f"there is no operator '{name}' (of several outputs only the first can be used)")
            dependencies[name] = () if name in known else graph.nodes[name].inputs
            open_names.extend(dependencies[name])
    return dependencies


def _feature_map(value: Value, node: Node) -> GraphMap:
    if not isinstance(value, GraphMap):
        raise ConversionError(f"{node.op} ({node.name}) of constants only is not supported")
    return value


def _convolution(builder: GraphBuilder, node: Node, values: list[Value], *, depthwise: bool) -> GraphMap:
    x, kernel = _feature_map(values[0], node), values[1]
    if not (
        x.channels_last and node.attributes.get("data_format", "NHWC") == "NHWC" and isinstance(kernel, np.ndarray)
    ):
        raise ConversionError(f"{node.name}: only NHWC convolutions with constant weights are supported")
    height, width, channels, _ = kernel.shape
    weights: np.ndarray
    if depthwise:
        weights, group = kernel.transpose(2, 3, 0, 1).reshape(-1, 1, height, width), channels
    else:
        weights, group = kernel.transpose(3, 2, 0, 1), x.channels // channels
    strides = node.attributes["strides"][1:3]
    dilations = node.attributes.get("dilations", [1, 1, 1, 1])[1:3]
    pads, size = _window(node, x, (height, width), strides, dilations)
    tensors = [x.tensor, builder.constant(weights)]
    fused = list(node.attributes.get("fused_ops") or [])
    if fused[:1] == ["BiasAdd"]:
        tensors.append(builder.constant(np.asarray(values[2])))
        fused = fused[1:]
    y = builder.add("Conv", *tensors, strides=strides, dilations=dilations, pads=pads, group=group)
    for activation in fused:
        if activation == "Prelu":
            y = _add_prelu(builder, y, np.asarray(values[3]))
        elif activation in ACTIVATIONS:
            y = ACTIVATIONS[activation](builder, y)
        else:
            raise ConversionError(f"{node.name}: fused {activation} is not supported")
    return GraphMap(y, len(weights), *size, channels_last=True)


def _window(
    node: Node, x: GraphMap, kernel: tuple[int, int], strides: list[int], dilations: list[int]
) -> tuple[Pads, tuple[int, int]]:
    """Paddings and output size of a sliding window."""
    padding = node.attributes["padding"]
    if padding not in ("SAME", "VALID"):
        raise ConversionError(f"{node.name}: padding {padding} is not supported")
    pads = [(0, 0), (0, 0)]
    if padding == "SAME":
        axes = zip((x.height, x.width), kernel, strides, dilations, strict=True)
        pads = [same_padding(*axis) for axis in axes]
    height, width = (
        (size + sum(pad) - (k - 1) * dilation - 1) // stride + 1
        for size, pad, k, stride, dilation in zip((x.height, x.width), pads, kernel, strides, dilations, strict=True)
    )
    return (pads[0][0], pads[1][0], pads[0][1], pads[1][1]), (height, width)


def _max_pool(builder: GraphBuilder, node: Node, values: list[Value]) -> GraphMap:
    x = _feature_map(values[0], node)
    kernel, strides = node.attributes["ksize"][1:3], node.attributes["strides"][1:3]
    pads, size = _window(node, x, tuple(kernel), strides, [1, 1])
    y = builder.add("MaxPool", x.tensor, kernel_shape=kernel, strides=strides, pads=pads)
    return GraphMap(y, x.channels, *size, channels_last=x.channels_last)


def _arithmetic(op: str) -> Operator:
    def emit(builder: GraphBuilder, node: Node, values: list[Value]) -> GraphMap:
        maps = [value for value in values if isinstance(value, GraphMap)]
        if not maps or any(m.channels_last != maps[0].channels_last for m in maps):
            raise ConversionError(f"{node.op} ({node.name}): the operands lie differently in memory")
        tensors = [v.tensor if isinstance(v, GraphMap) else _broadcastable(v, maps[0].channels_last) for v in values]
        if op in ("Add", "Mul") and not isinstance(tensors[0], str):
            tensors.reverse()  # folding looks for the constant on the right
        return replace(maps[0], tensor=builder.add(op, *tensors))

    return emit


def _broadcastable(constant: np.ndarray, channels_last: bool) -> np.ndarray:
    aligned = constant.reshape((1,) * (4 - constant.ndim) + constant.shape)
    return aligned.transpose(TO_CHANNELS_FIRST) if channels_last else aligned


def _unary(emit: Callable[[GraphBuilder, str], str]) -> Operator:
    def operator(builder: GraphBuilder, node: Node, values: list[Value]) -> GraphMap:
        x = _feature_map(values[0], node)
        return replace(x, tensor=emit(builder, x.tensor))

    return operator


def _leaky_relu(builder: GraphBuilder, node: Node, values: list[Value]) -> GraphMap:
    x = _feature_map(values[0], node)
    return replace(x, tensor=builder.add("LeakyRelu", x.tensor, alpha=float(node.attributes["alpha"])))


def _prelu(builder: GraphBuilder, node: Node, values: list[Value]) -> GraphMap:
    x = _feature_map(values[0], node)
    return replace(x, tensor=_add_prelu(builder, x.tensor, np.asarray(values[1])))


def _add_prelu(builder: GraphBuilder, x: str, slopes: np.ndarray) -> str:
    """Slopes are one for each channel."""
    return builder.add("PRelu", x, slopes.reshape(-1, 1, 1))


def _pad(builder: GraphBuilder, node: Node, values: list[Value]) -> GraphMap:
    x = _feature_map(values[0], node)
    amounts = np.asarray(values[1])
    amounts = amounts[list(TO_CHANNELS_FIRST)] if x.channels_last else amounts
    fill = np.asarray(values[2] if node.op == "PadV2" else 0, np.float32)
    y = builder.add("Pad", x.tensor, amounts.T.ravel().astype(np.int64), fill)
    _, channels, height, width = amounts.sum(1).tolist()
    return GraphMap(y, x.channels + channels, x.height + height, x.width + width, x.channels_last)


def _transpose(builder: GraphBuilder, node: Node, values: list[Value]) -> GraphMap:
    x = _feature_map(values[0], node)
    if tuple(np.asarray(values[1])) != (TO_CHANNELS_FIRST if x.channels_last else TO_CHANNELS_LAST):
        raise ConversionError(f"{node.name}: only transpositions between NHWC and NCHW are supported")
    return replace(x, channels_last=not x.channels_last)


def _concatenate(builder: GraphBuilder, node: Node, values: list[Value]) -> GraphMap:
    maps = [_feature_map(value, node) for value in values[:-1]]
    x = maps[0]
    channel_axis = 3 if x.channels_last else 1
    if int(np.asarray(values[-1])) % 4 != channel_axis or any(m.channels_last != x.channels_last for m in maps):
        raise ConversionError(f"{node.name}: only channels can be concatenated")
    y = builder.add("Concat", *[m.tensor for m in maps], axis=1)
    return replace(x, tensor=y, channels=sum(m.channels for m in maps))


def _resize_bilinear(builder: GraphBuilder, node: Node, values: list[Value]) -> GraphMap:
    x = _feature_map(values[0], node)
    height, width = np.asarray(values[1]).tolist()
    scales = (height / x.height, width / x.width)
    if node.attributes.get("align_corners"):
        mode = "align_corners"
    else:
        mode = "half_pixel" if node.attributes.get("half_pixel_centers") else "asymmetric"
    if mode == "half_pixel" and scales == (0.5, 0.5):
        # Each output pixel lies in the middle of four: their mean, and a pooling is much quicker.
        y = builder.add("AveragePool", x.tensor, kernel_shape=[2, 2], strides=[2, 2])
    else:
        factors = np.array([1, 1, *scales], np.float32)
        y = builder.add("Resize", x.tensor, "", factors, mode="linear", coordinate_transformation_mode=mode)
    return replace(x, tensor=y, height=height, width=width)


def _identity(builder: GraphBuilder, node: Node, values: list[Value]) -> GraphMap:
    return _feature_map(values[0], node)


ACTIVATIONS: dict[str, Callable[[GraphBuilder, str], str]] = {
    "Relu": lambda builder, x: builder.add("Relu", x),
    "Relu6": lambda builder, x: builder.add("Clip", x, np.array(0, np.float32), np.array(6, np.float32)),
    "Sigmoid": lambda builder, x: builder.add("Sigmoid", x),
}

OPERATORS: dict[str, Operator] = {
    **{name: _unary(activation) for name, activation in ACTIVATIONS.items()},
    "Add": _arithmetic("Add"),
    "AddV2": _arithmetic("Add"),
    "ConcatV2": _concatenate,
    "Conv2D": lambda builder, node, values: _convolution(builder, node, values, depthwise=False),
    "DepthwiseConv2dNative": lambda builder, node, values: _convolution(builder, node, values, depthwise=True),
    "FusedDepthwiseConv2dNative": lambda builder, node, values: _convolution(builder, node, values, depthwise=True),
    "Identity": _identity,
    "LeakyRelu": _leaky_relu,
    "MaxPool": _max_pool,
    "Mul": _arithmetic("Mul"),
    "Pad": _pad,
    "PadV2": _pad,
    "Prelu": _prelu,
    "ResizeBilinear": _resize_bilinear,
    "Sub": _arithmetic("Sub"),
    "Transpose": _transpose,
    "_FusedConv2D": lambda builder, node, values: _convolution(builder, node, values, depthwise=False),
}
