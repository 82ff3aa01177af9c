"""Graph rewrites that keep every output: fewer nodes, the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from opendr_perception.zoo.convert.builder import GraphBuilder


def fold(builder: GraphBuilder) -> None:
    """Merge paddings, channel-wise scales and offsets into the convolutions and poolings next to them."""
    for node in [node for node in builder.nodes if node.op_type == "Pad"]:
        _fold_padding(builder, node)
    for node in [node for node in builder.nodes if node.op_type in ("Mul", "Add")]:
        if not (node.op_type == "Mul" and _fold_scale_into_next(builder, node)):
            _fold_affine_into_previous(builder, node)


def _fold_padding(builder: GraphBuilder, pad: onnx.NodeProto) -> None:
    """Pad → Conv (zeros) and Pad → MaxPool (minus infinity) become the `pads` attribute."""
    consumers = builder.consumers(pad.output[0])
    amounts = builder.constants[pad.input[1]].reshape(2, 4)
    value = float(builder.constants[pad.input[2]])
    neutral = {"Conv": 0.0, "MaxPool": -np.inf}
    if amounts[:, :2].any() or any(neutral.get(node.op_type) != value for node in consumers):
        return
    for node in consumers:
        pads = _attribute(node, "pads")
        pads.ints[:] = [int(own + more) for own, more in zip(pads.ints, amounts[:, 2:].ravel(), strict=True)]
    _bypass(builder, pad)


def _fold_scale_into_next(builder: GraphBuilder, mul: onnx.NodeProto) -> bool:
    """Scale → Conv: W·(s·x) = (W·s)·x, exact at zero-padded borders too; an offset would not be."""
    scale = _per_channel(builder, mul)
    consumers = builder.consumers(mul.output[0])
    if scale is None or not consumers or any(n.op_type != "Conv" or _attribute(n, "group").i != 1 for n in consumers):
        return False
    for conv in consumers:
        weights = builder.constants[conv.input[1]]
        conv.input[1] = builder.constant(weights * scale.reshape(1, -1, 1, 1))
    _bypass(builder, mul)
    return True


def _fold_affine_into_previous(builder: GraphBuilder, node: onnx.NodeProto) -> None:
    """Conv → scale or offset per channel: into the weights and the bias."""
    conv = builder.producer(node.input[0])
    constant = _per_channel(builder, node)
    if conv is None or conv.op_type != "Conv" or constant is None or len(builder.consumers(conv.output[0])) > 1:
        return
    weights = builder.constants[conv.input[1]]
    bias = builder.constants[conv.input[2]] if len(conv.input) > 2 else np.zeros(len(weights), np.float32)
    if node.op_type == "Mul":
        weights, bias = weights * constant.reshape(-1, 1, 1, 1), bias * constant
    else:
        bias = bias + constant
    conv.input[:] = [conv.input[0], builder.constant(weights), builder.constant(bias)]
    _bypass(builder, node)


def _per_channel(builder: GraphBuilder, node: onnx.NodeProto) -> NDArray[np.float32] | None:
    """The constant (C,) that `node` applies to each channel of an NCHW map; None when it is something else."""
    constant = builder.constants.get(node.input[1])
    if constant is None or constant.shape != (1, constant.size, 1, 1):
        return None
    return constant.reshape(-1)


def _bypass(builder: GraphBuilder, node: onnx.NodeProto) -> None:
    for consumer in builder.consumers(node.output[0]):
        consumer.input[:] = [node.input[0] if tensor == node.output[0] else tensor for tensor in consumer.input]
    builder.nodes.remove(node)


def _attribute(node: onnx.NodeProto, name: str) -> Any:
    return next(attribute for attribute in node.attribute if attribute.name == name)
