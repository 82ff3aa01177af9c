"""Assembly of each model: source graph, cut points, first and last layers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

import numpy as np
import onnx

from opendr_perception.zoo.convert import faceapi, tfjs
from opendr_perception.zoo.convert.builder import GraphBuilder
from opendr_perception.zoo.convert.folding import fold
from opendr_perception.zoo.convert.heads import (
    MoveNetMaps,
    MultiPoseMaps,
    blazeface_head,
    facemesh_head,
    image_input,
    movenet_head,
    multipose_head,
    nanodet_head,
)
from opendr_perception.zoo.convert.tfjs_graph import TfjsGraph

Files = Mapping[str, bytes]


def build(name: str, files: Files) -> onnx.ModelProto:
    """Convert one model of the manifest.

    Args:
        name: model name.
        files: content of its source files by their path in the package.

    Raises:
        KeyError: there is no recipe of that name.
        ConversionError: the source is not what the recipe expects.
    """
    if name in READY:
        (content,) = files.values()
        return READY[name](onnx.load_from_string(content))
    builder = GraphBuilder(name)
    RECIPES[name](builder, {PurePosixPath(path).name: content for path, content in files.items()})
    fold(builder)
    return builder.build()


def _graph(files: Files) -> TfjsGraph:
    (description,) = (name for name in files if name.endswith(".json"))
    return TfjsGraph.parse(json.loads(files[description]), files)


def _nanodet(features: bool) -> Callable[[GraphBuilder, Files], None]:
    """The detector; with its last map of stride 8 before the results as another output, for whoever wants features."""

    def recipe(builder: GraphBuilder, files: Files) -> None:
        image = image_input(builder, 416, 416, [103.53, 116.28, 123.675], [57.375, 57.12, 58.395], dynamic=True)
        levels = ["Add_29", "Add_33", "Add_37"]  # strides 8, 16, 32
        wanted = [f"PartitionedCall/{name}" for name in (*levels, "onnx_tf_prefix_LeakyRelu_151")]
        inputs = {"input_1": tfjs.GraphMap(image.tensor, 3, 416, 416, channels_last=False)}
        maps = tfjs.convert(_graph(files), builder, inputs, wanted[: 4 if features else 3])
        nanodet_head(builder, maps[:3], classes=80, bins=11)
        if features:
            builder.output("features", maps[3].tensor, "float32", ["N", maps[3].channels, "h", "w"])

    return recipe


def _movenet(size: int) -> Callable[[GraphBuilder, Files], None]:
    def recipe(builder: GraphBuilder, files: Files) -> None:
        graph = _graph(files)
        call = "StatefulPartitionedCall"
        scale = float(graph.constant_input(f"{call}/truediv_1", 1).flat[0])  # 2/255, rounded to half precision
        image = image_input(builder, size, size, [1 / scale] * 3, [1 / scale] * 3)
        outputs = ["kpt_heatmap_0/conv2d_5", "center_0/conv2d_4", "kpt_regress_0/conv2d_6", "kpt_offset_0/conv2d_7"]
        names = [f"{call}/{name}/BiasAdd" for name in outputs]
        maps = MoveNetMaps(*tfjs.convert(graph, builder, {f"{call}/sub_1": image}, names))
        movenet_head(
            builder,
            maps,
            centre_weights=graph.constant_input(f"{call}/truediv_2", 1),
            softening=float(graph.constant_input(f"{call}/add_5", 1)),
            cell_size=float(graph.constant_input(f"{call}/mul_2", 1).flat[0]),
        )

    return recipe


def _multipose(builder: GraphBuilder, files: Files) -> None:
    """MoveNet for several people: its maps; the people are read from them outside, for images of any size."""
    graph = _graph(files)
    call, size = "StatefulPartitionedCall", 256
    scale = float(graph.constant_input(f"{call}/truediv_1", 1).flat[0])
    inputs: dict[str, tfjs.GraphMap | np.ndarray] = {
        f"{call}/sub_1": image_input(builder, size, size, [1 / scale] * 3, [1 / scale] * 3, dynamic=True)
    }
    for number, stride in (("", 16), ("_1", 8), ("_2", 4)):  # twice as large as what is enlarged, by its shape
        enlarged = f"{call}/center_net_mobile_net_v2fpn_feature_extractor/model_1/up_sampling2d{number}/mul"
        inputs[enlarged] = np.array([size // stride] * 2)
    outputs = ["center_0/conv2d_4", "box_scale_0/conv2d_5", "box_offset_0/conv2d_6"]
    outputs += ["kpt_heatmap_0/conv2d_7", "kpt_regress_0/conv2d_8", "kpt_offset_0/conv2d_9"]
    names = [f"{call}/{name}/BiasAdd" for name in outputs]
    multipose_head(builder, MultiPoseMaps(*tfjs.convert(graph, builder, inputs, names)))


def _blazeface(builder: GraphBuilder, files: Files) -> None:
    image = image_input(builder, 256, 256, [127.5] * 3, [127.5] * 3)
    names = [f"StatefulPartitionedCall/functional_1/conv2d_{number}/BiasAdd" for number in (35, 36, 33, 34)]
    maps = tfjs.convert(_graph(files), builder, {"input": image}, names)
    blazeface_head(builder, boxes=maps[:2], scores=maps[2:])


def _facemesh(builder: GraphBuilder, files: Files) -> None:
    image = image_input(builder, 192, 192, [0.0] * 3, [255.0] * 3)
    call = "StatefulPartitionedCall/model_1"
    names = [f"{call}/conv2d_21/BiasAdd", f"{call}/conv2d_31/BiasAdd"]
    facemesh_head(builder, *tfjs.convert(_graph(files), builder, {"input_1": image}, names))


def _silero_vad(model: onnx.ModelProto) -> onnx.ModelProto:
    """The detector for 16 kHz: the rate, which it takes as an input, is a constant, and its shapes are said."""
    graph = model.graph
    (rate,) = (each for each in graph.input if each.name == "sr")
    graph.input.remove(rate)
    graph.initializer.append(onnx.helper.make_tensor("sr", onnx.TensorProto.INT64, [], [16000]))
    shapes = {"input": ("N", 576), "state": (2, "N", 128), "output": ("N", 1), "stateN": (2, "N", 128)}
    for each in (*graph.input, *graph.output):
        each.CopyFrom(onnx.helper.make_tensor_value_info(each.name, onnx.TensorProto.FLOAT, shapes[each.name]))
    onnx.checker.check_model(model)
    return model


READY: dict[str, Callable[[onnx.ModelProto], onnx.ModelProto]] = {"silero-vad": _silero_vad}
"""Models that are ONNX already, and their changes."""

RECIPES: dict[str, Callable[[GraphBuilder, Files], None]] = {
    "nanodet": _nanodet(features=False),
    "nanodet-features": _nanodet(features=True),
    "movenet-lightning": _movenet(192),
    "movenet-thunder": _movenet(256),
    "movenet-multipose": _multipose,
    "blazeface": _blazeface,
    "facemesh": _facemesh,
    "face-embedding": faceapi.embedding,
    "face-features": faceapi.features,
    "face-expression": faceapi.expression,
}
