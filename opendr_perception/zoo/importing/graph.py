"""Put normalisation into a graph, and give its input and outputs the names that decoders know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper

from opendr_perception.zoo.errors import ZooError
from opendr_perception.zoo.importing.formats import Change, ModelFormat

PREFIX = "network/"
"""Of everything in the original graph, so that no name is there twice."""
FLOATS: dict[int, np.dtype] = {
    int(TensorProto.FLOAT): np.dtype(np.float32),
    int(TensorProto.FLOAT16): np.dtype(np.float16),
}
Size = tuple[int, int]
Dimensions = Sequence[int | str]


def image_input(model: onnx.ModelProto, name: str) -> tuple[onnx.ValueInfoProto, onnx.ValueInfoProto | None]:
    """The input of the image, and that of its original size, which the authors of RT-DETR and D-FINE add.

    Args:
        model: the original.
        name: of the file, for the error.

    Raises:
        ZooError: the inputs are others.
    """
    constants = {each.name for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in constants]
    images = [each for each in inputs if len(each.type.tensor_type.shape.dim) == 4]
    others = [each for each in inputs if each not in images]
    planar = len(images) == 1 and images[0].type.tensor_type.shape.dim[1].dim_value in (0, 3)  # 0: it does not say
    if not planar or images[0].type.tensor_type.elem_type not in FLOATS:
        found = "; ".join(map(_describe, inputs)) or "none"
        raise ZooError(f"{name}: expected one input of an image, float (N, 3, height, width); found {found}")
    if len(others) > 1 or any(each.type.tensor_type.elem_type != TensorProto.INT64 for each in others):
        raise ZooError(f"{name}: beside the image it wants {'; '.join(map(_describe, others))}, which nobody gives it")
    return images[0], others[0] if others else None


def free_size(image: onnx.ValueInfoProto) -> bool:
    """True if the height and width of the image are free."""
    return not all(side.dim_value > 0 for side in image.type.tensor_type.shape.dim[2:])


def fixed_size(image: onnx.ValueInfoProto) -> Size:
    """The (height, width) of an image, 0 where free."""
    height, width = (side.dim_value for side in image.type.tensor_type.shape.dim[2:])
    return height, width


def wrap(
    model: onnx.ModelProto,
    form: ModelFormat,
    size: Size | None,
    outputs: Mapping[str, tuple[str, Dimensions]],
    file: str,
    changes: Mapping[str, Change] = MappingProxyType({}),
) -> onnx.ModelProto:
    """A copy that takes `image` (N, H, W, 3) uint8, in the channel order of the format.

    Args:
        model: the original, which does not change.
        form: its format.
        size: (height, width) of the image; None for any.
        outputs: by the names that they get: their names in the original, and their shapes.
        file: name of the file, for errors.
        changes: of outputs, by their new names.
    """
    wrapped = compose.add_prefix(model, PREFIX)
    graph = wrapped.graph
    image, target = image_input(wrapped, file)
    batch: int | str = image.type.tensor_type.shape.dim[0].dim_value or "N"
    if any(change.alone for change in changes.values()):
        batch = 1
    before = _normalisation(form, image)
    if target is not None:
        if size is None:
            raise ZooError(f"{file}: it wants to be told the size of the image, so that must be fixed")
        before += _size_of_each(target.name, size)
    kinds = {each.name: each.type.tensor_type.elem_type for each in graph.output}
    after: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []
    for name, (source, shape) in outputs.items():
        steps, added = _taken(name, PREFIX + source, _canonical(kinds[PREFIX + source]), changes.get(name), shape)
        after += steps
        constants += added
    constants += [
        numpy_helper.from_array(array, name) for name, array in _constants(form, size if target else None).items()
    ]
    nodes = [*before, *graph.node, *after]
    del graph.node[:], graph.input[:]
    graph.node.extend(nodes)
    graph.initializer.extend(constants)
    sides: Dimensions = ("H", "W") if size is None else size
    graph.input.append(helper.make_tensor_value_info("image", TensorProto.UINT8, [batch, *sides, 3]))
    declared = [
        helper.make_tensor_value_info(name, _canonical(kinds[PREFIX + source]), [batch, *shape[1:]])
        for name, (source, shape) in outputs.items()
    ]
    del graph.output[:], graph.value_info[:]
    graph.output.extend(declared)
    wrapped.ir_version = max(wrapped.ir_version, 4)  # before that, constants had to be inputs too
    return wrapped


def _normalisation(form: ModelFormat, image: onnx.ValueInfoProto) -> list[onnx.NodeProto]:
    """From `image` to the input that the network had: planes, minus the mean, over the standard deviation."""
    kind = image.type.tensor_type.elem_type
    return [
        helper.make_node("Transpose", ["image"], ["image_planes"], "image_planes", perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["image_planes"], ["image_numbers"], "image_numbers", to=TensorProto.FLOAT),
        helper.make_node("Sub", ["image_numbers", "image_mean"], ["image_centred"], "image_centred"),
        helper.make_node("Div", ["image_centred", "image_deviation"], ["image_scaled"], "image_scaled"),
        helper.make_node("Cast", ["image_scaled"], [image.name], "image_typed", to=kind),
    ]


def _taken(
    name: str, source: str, kind: int, change: Change | None, shape: Dimensions
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Nodes and constants that make an output of another one of the original graph."""
    change = change or Change()
    steps: list[tuple[str, list[str]]] = [("Cast", [])]
    attributes = {"Cast": ("to", kind), "Gather": ("axis", 1), "Softmax": ("axis", 1)}
    constants = []
    if change.alone:
        constants.append(numpy_helper.from_array(np.array(shape, np.int64), f"{name}/shape"))
        steps.append(("Reshape", [f"{name}/shape"]))
    if change.part is not None:
        constants.append(numpy_helper.from_array(np.arange(*change.part), f"{name}/part"))
        steps.append(("Gather", [f"{name}/part"]))
    if change.softmax:
        steps.append(("Softmax", []))
    nodes, last = [], source
    for place, (operator, inputs) in enumerate(steps):
        result = name if place == len(steps) - 1 else f"{name}/{place}"
        nodes.append(helper.make_node(operator, [last, *inputs], [result], result))
        if operator in attributes:
            nodes[-1].attribute.append(helper.make_attribute(*attributes[operator]))
        last = result
    return nodes, constants


def _size_of_each(name: str, size: Size) -> list[onnx.NodeProto]:
    """(N, 2) width and height of the canvas, for as many images as there are."""
    return [
        helper.make_node("Shape", ["image"], ["image_shape"], "image_shape"),
        helper.make_node("Gather", ["image_shape", "image_first"], ["image_count"], "image_count"),
        helper.make_node("Concat", ["image_count", "image_two"], ["image_sizes_shape"], "image_sizes_shape", axis=0),
        helper.make_node("Expand", ["image_size", "image_sizes_shape"], [name], "image_sizes"),
    ]


def _constants(form: ModelFormat, size: Size | None) -> dict[str, np.ndarray]:
    mean, deviation = (np.array(values, np.float32).reshape(1, 3, 1, 1) for values in form.colours)
    constants: dict[str, np.ndarray] = {"image_mean": mean, "image_deviation": deviation}
    if size is not None:
        pair = np.array([[size[1], size[0]]], np.int64)
        constants |= {"image_size": pair, "image_first": np.array([0]), "image_two": np.array([2])}
    return constants


def _canonical(kind: int) -> int:
    """Floats of any size become float32, whole numbers int64."""
    whole = (TensorProto.INT32, TensorProto.INT64)
    return int(TensorProto.INT64 if kind in whole else TensorProto.FLOAT)


def _describe(value: onnx.ValueInfoProto) -> str:
    tensor = value.type.tensor_type
    shape = ", ".join(str(side.dim_value) if side.dim_value else side.dim_param or "any" for side in tensor.shape.dim)
    return f"{value.name} {TensorProto.DataType.Name(tensor.elem_type).lower()} ({shape})"
