"""Write an ONNX graph node by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17  # understood by every onnxruntime since 1.12 and by TensorRT 8.5, the oldest that robots still run
IR_VERSION = 8

Pads = tuple[int, int, int, int]  # top, left, bottom, right: the order of ONNX


class GraphBuilder:
    """An ONNX graph under construction; feature maps are NCHW throughout.

    Attributes:
        nodes: operators, in execution order.
        constants: initializers by name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._names: Counter[str] = Counter()

    def add(self, op: str, *inputs: str | np.ndarray, **attributes: Any) -> str:
        """Append an operator with one output.

        Args:
            op: ONNX operator type.
            inputs: tensor names, or arrays, which become constants; '' leaves an optional input out.
            attributes: the operator's attributes.

        Returns:
            Name of the output tensor.
        """
        return self.add_multiple(op, 1, *inputs, **attributes)[0]

    def add_multiple(self, op: str, outputs: int, *inputs: str | np.ndarray, **attributes: Any) -> list[str]:
        """Append an operator with several outputs; otherwise as `add`."""
        inputs_by_name = [tensor if isinstance(tensor, str) else self.constant(tensor) for tensor in inputs]
        output_names = [self._unique(op) for _ in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs_by_name, output_names, output_names[0], **attributes))
        return output_names

    def constant(self, value: np.ndarray) -> str:
        """Store an array as a constant of the graph and return its tensor name."""
        name = self._unique("constant")
        self.constants[name] = np.ascontiguousarray(value).reshape(np.shape(value))
        return name

    def input(self, name: str, dtype: str, shape: Sequence[int | str]) -> str:
        """Declare an input of the graph; a string in `shape` names a dynamic dimension."""
        self._inputs.append(_value_info(name, dtype, shape))
        return name

    def output(self, name: str, tensor: str, dtype: str, shape: Sequence[int | str]) -> None:
        """Declare `tensor` to be the graph's output `name`."""
        producer = next(node for node in self.nodes if tensor in node.output)
        producer.output[list(producer.output).index(tensor)] = name
        for node in self.nodes:
            node.input[:] = [name if used == tensor else used for used in node.input]
        self._outputs.append(_value_info(name, dtype, shape))

    def consumers(self, tensor: str) -> list[onnx.NodeProto]:
        """Operators that read `tensor`."""
        return [node for node in self.nodes if tensor in node.input]

    def producer(self, tensor: str) -> onnx.NodeProto | None:
        """Operator that writes `tensor`; None for inputs and constants."""
        return next((node for node in self.nodes if tensor in node.output), None)

    def build(self) -> onnx.ModelProto:
        """Assemble and check the model; constants that nothing reads are left out."""
        used = {tensor for node in self.nodes for tensor in node.input}
        initializers = [numpy_helper.from_array(a, name) for name, a in self.constants.items() if name in used]
        graph = helper.make_graph(self.nodes, self.name, self._inputs, self._outputs, initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        model.producer_name = "opendr_perception"
        onnx.checker.check_model(model, full_check=True)
        return model

    def _unique(self, stem: str) -> str:
        self._names[stem] += 1
        return f"{stem}_{self._names[stem]}"


def _value_info(name: str, dtype: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    element_type = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT, "int64": TensorProto.INT64}[dtype]
    return helper.make_tensor_value_info(name, element_type, list(shape))
