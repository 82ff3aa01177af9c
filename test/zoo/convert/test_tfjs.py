"""Conversion of hand-made TensorFlow.js graphs, against the formulas in numpy."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

ort = pytest.importorskip("onnxruntime")
tfjs = pytest.importorskip("opendr_perception.zoo.convert.tfjs")

from opendr_perception.zoo.convert.builder import GraphBuilder  # noqa: E402
from opendr_perception.zoo.convert.folding import fold  # noqa: E402
from opendr_perception.zoo.convert.tfjs_graph import TfjsGraph  # noqa: E402
from opendr_perception.zoo.convert.tfjs_weights import read_weights  # noqa: E402

Array = NDArray[Any]
RNG = np.random.default_rng(7)


def text(value: str) -> dict[str, str]:
    return {"s": base64.b64encode(value.encode()).decode()}


def ints(*values: int) -> dict[str, Any]:
    return {"list": {"i": [str(value) for value in values]}}


class Source:
    """A TensorFlow.js graph with one input 'x', written as its JSON file would hold it."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = [{"name": "x", "op": "Placeholder"}]
        self.weights: dict[str, Array] = {}

    def constant(self, value: Any, dtype: str = "float32") -> str:
        name = f"constant_{len(self.weights)}"
        self.weights[name] = np.asarray(value, dtype)
        self.nodes.append({"name": name, "op": "Const"})
        return name

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = f"{op}_{len(self.nodes)}"
        self.nodes.insert(0, {"name": name, "op": op, "input": list(inputs), "attr": attributes})  # in no useful order
        return name

    def graph(self) -> Any:
        specs = [
            {"name": name, "shape": list(value.shape), "dtype": str(value.dtype)}
            for name, value in self.weights.items()
        ]
        model = {
            "modelTopology": {"node": self.nodes},
            "weightsManifest": [{"paths": ["w.bin"], "weights": specs}],
        }
        return TfjsGraph.parse(model, {"w.bin": b"".join(value.tobytes() for value in self.weights.values())})


def convert(source: Source, output: str, shape: tuple[int, ...]) -> onnx.ModelProto:
    """Convert for an NHWC input of this shape; the ONNX input 'x' and output 'y' are NCHW."""
    _, height, width, channels = shape
    builder = GraphBuilder("test")
    builder.input("x", "float32", ["N", channels, height, width])
    x = tfjs.GraphMap("x", channels, height, width, channels_last=True)
    (y,) = tfjs.convert(source.graph(), builder, {"x": x}, [output])
    builder.output("y", builder.add("Identity", y.tensor), "float32", ["N", y.channels, y.height, y.width])
    fold(builder)
    return builder.build()


def run(source: Source, output: str, x: Array) -> Array:
    """The output for an NHWC input, as NHWC."""
    model = convert(source, output, x.shape)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": np.ascontiguousarray(x.transpose(0, 3, 1, 2))})
    return y.transpose(0, 2, 3, 1)


def operators(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node if node.op_type != "Identity"]


def convolve(x: Array, kernel: Array, stride: int, padding: str, *, depthwise: bool = False) -> Array:
    """TensorFlow's definition, one output pixel at a time."""
    kh, kw = kernel.shape[:2]
    size = x.shape[1:3]
    if padding == "SAME":
        out = [-(-n // stride) for n in size]
        total = [max((o - 1) * stride + k - n, 0) for o, k, n in zip(out, (kh, kw), size, strict=True)]
        x = np.pad(x, [(0, 0), *[(t // 2, t - t // 2) for t in total], (0, 0)])
    else:
        out = [(n - k) // stride + 1 for n, k in zip(size, (kh, kw), strict=True)]
    rows = []
    for i in range(out[0]):
        for j in range(out[1]):
            patch = x[:, i * stride : i * stride + kh, j * stride : j * stride + kw]
            if depthwise:
                rows.append(np.einsum("nhwc,hwcm->ncm", patch, kernel).reshape(len(x), -1))
            else:
                rows.append(np.einsum("nhwc,hwco->no", patch, kernel))
    return np.stack(rows, 1).reshape(len(x), *out, -1)


def convolution_attributes(stride: int, padding: str, **more: Any) -> dict[str, Any]:
    return {"strides": ints(1, stride, stride, 1), "padding": text(padding), "data_format": text("NHWC"), **more}


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(("height", "width", "k"), [(8, 8, 3), (9, 7, 3), (8, 6, 5), (7, 7, 2), (6, 6, 1)])
def test_convolution(height: int, width: int, k: int, stride: int, padding: str) -> None:
    x = RNG.normal(size=(3, height, width, 4)).astype(np.float32)
    kernel = RNG.normal(size=(k, k, 4, 5)).astype(np.float32)
    source = Source()
    y = source.add("Conv2D", "x", source.constant(kernel), **convolution_attributes(stride, padding))
    np.testing.assert_allclose(run(source, y, x), convolve(x, kernel, stride, padding), atol=1e-4)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("multiplier", [1, 3])
def test_depthwise_convolution(stride: int, multiplier: int) -> None:
    x = RNG.normal(size=(2, 8, 7, 4)).astype(np.float32)
    kernel = RNG.normal(size=(3, 3, 4, multiplier)).astype(np.float32)
    source = Source()
    y = source.add("DepthwiseConv2dNative", "x", source.constant(kernel), **convolution_attributes(stride, "SAME"))
    np.testing.assert_allclose(run(source, y, x), convolve(x, kernel, stride, "SAME", depthwise=True), atol=1e-4)


@pytest.mark.parametrize(
    ("activation", "formula"),
    [
        ([], lambda y: y),
        (["Relu"], lambda y: np.maximum(y, 0)),
        (["Relu6"], lambda y: np.clip(y, 0, 6)),
        (["Sigmoid"], lambda y: 1 / (1 + np.exp(-y))),
    ],
)
def test_fused_bias_and_activation(activation: list[str], formula: Any) -> None:
    x = RNG.normal(size=(2, 6, 6, 3)).astype(np.float32)
    kernel, bias = RNG.normal(size=(1, 1, 3, 4)).astype(np.float32), np.array([-2, 0, 2, 9], np.float32)
    source = Source()
    fused = {"list": {"s": [text(name)["s"] for name in ["BiasAdd", *activation]]}}
    attributes = convolution_attributes(1, "SAME", fused_ops=fused)
    y = source.add("_FusedConv2D", "x", source.constant(kernel), source.constant(bias), **attributes)
    np.testing.assert_allclose(run(source, y, x), formula(convolve(x, kernel, 1, "SAME") + bias), atol=1e-4)


def test_transpositions_paddings_and_offsets_vanish() -> None:
    """A graph that another converter made: NCHW in between, and all that costs time written out."""
    x = RNG.normal(size=(2, 9, 9, 3)).astype(np.float32)
    kernel = RNG.normal(size=(3, 3, 3, 4)).astype(np.float32)
    scale, offset = RNG.normal(size=4).astype(np.float32), RNG.normal(size=4).astype(np.float32)
    source = Source()
    planes = source.add("Transpose", "x", source.constant([0, 3, 1, 2], "int32"))
    padded = source.add("Pad", planes, source.constant([[0, 0], [0, 0], [1, 1], [1, 1]], "int32"))
    pixels = source.add("Transpose", padded, source.constant([0, 2, 3, 1], "int32"))
    y = source.add("Conv2D", pixels, source.constant(kernel), **convolution_attributes(2, "VALID"))
    y = source.add("Mul", y, source.constant(scale))
    y = source.add("Add", source.constant(offset), y)
    y = source.add("Transpose", y, source.constant([0, 3, 1, 2], "int32"))
    y = source.add("LeakyRelu", y, alpha={"f": 0.1})
    expected = convolve(np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)]), kernel, 2, "VALID") * scale + offset
    np.testing.assert_allclose(run(source, y, x), np.where(expected > 0, expected, 0.1 * expected), atol=1e-4)
    assert operators(convert(source, y, x.shape)) == ["Conv", "LeakyRelu"]


def test_a_scale_before_a_convolution_is_folded_an_offset_is_not() -> None:
    x = RNG.normal(size=(2, 6, 6, 3)).astype(np.float32)
    kernel = RNG.normal(size=(3, 3, 3, 4)).astype(np.float32)
    offset, scale = np.array([1, 2, 3], np.float32), np.array([0.5, 2, -1], np.float32)
    source = Source()
    y = source.add("Sub", "x", source.constant(offset))
    y = source.add("Mul", y, source.constant(scale))
    y = source.add("Conv2D", y, source.constant(kernel), **convolution_attributes(1, "SAME"))
    np.testing.assert_allclose(run(source, y, x), convolve((x - offset) * scale, kernel, 1, "SAME"), atol=1e-4)
    assert operators(convert(source, y, x.shape)) == ["Sub", "Conv"]


def test_a_convolution_that_is_read_twice_keeps_its_values() -> None:
    x = RNG.normal(size=(1, 4, 4, 2)).astype(np.float32)
    kernel, offset = RNG.normal(size=(1, 1, 2, 2)).astype(np.float32), np.array([1, 2], np.float32)
    source = Source()
    first = source.add("Conv2D", "x", source.constant(kernel), **convolution_attributes(1, "VALID"))
    shifted = source.add("AddV2", first, source.constant(offset))
    y = source.add("Mul", first, shifted)
    expected = convolve(x, kernel, 1, "VALID")
    np.testing.assert_allclose(run(source, y, x), expected * (expected + offset), atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (7, 9)])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_max_pool_ignores_its_padding(height: int, width: int, padding: str) -> None:
    x = -1 - RNG.random((2, height, width, 3)).astype(np.float32)  # zeros in the padding would win
    source = Source()
    y = source.add("MaxPool", "x", ksize=ints(1, 3, 3, 1), strides=ints(1, 2, 2, 1), padding=text(padding))
    found = run(source, y, x)
    total = [max((-(-n // 2) - 1) * 2 + 3 - n, 0) if padding == "SAME" else 0 for n in (height, width)]
    padded = np.pad(x, [(0, 0), *[(t // 2, t - t // 2) for t in total], (0, 0)], constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))[:, ::2, ::2]
    np.testing.assert_array_equal(found, windows.max((-2, -1)))


def test_padding_with_minus_infinity_goes_into_the_pooling() -> None:
    x = -1 - RNG.random((1, 8, 8, 2)).astype(np.float32)
    source = Source()
    amounts, fill = source.constant([[0, 0], [1, 1], [1, 1], [0, 0]], "int32"), source.constant(-np.inf)
    y = source.add("PadV2", "x", amounts, fill)
    y = source.add("MaxPool", y, ksize=ints(1, 3, 3, 1), strides=ints(1, 2, 2, 1), padding=text("VALID"))
    assert operators(convert(source, y, x.shape)) == ["MaxPool"]
    assert run(source, y, x).max() < 0


def test_new_channels_are_zeros() -> None:
    x = RNG.normal(size=(2, 3, 3, 2)).astype(np.float32)
    source = Source()
    y = source.add("Pad", "x", source.constant([[0, 0], [0, 0], [0, 0], [0, 3]], "int32"))
    np.testing.assert_array_equal(run(source, y, x), np.pad(x, [(0, 0), (0, 0), (0, 0), (0, 3)]))


def interpolate(x: Array, size: int, axis: int, position: Any) -> Array:
    old = x.shape[axis]
    p = np.clip(position(np.arange(size), old, size), 0, old - 1)
    low = np.floor(p).astype(int)
    high = np.minimum(low + 1, old - 1)
    weight = (p - low).reshape([-1 if a == axis else 1 for a in range(4)])
    return np.take(x, low, axis) * (1 - weight) + np.take(x, high, axis) * weight


@pytest.mark.parametrize("size", [(12, 16), (3, 4), (9, 5)])
@pytest.mark.parametrize(
    ("attributes", "position"),
    [
        ({"half_pixel_centers": {"b": True}}, lambda i, old, new: (i + 0.5) * old / new - 0.5),
        ({"align_corners": {"b": True}}, lambda i, old, new: i * (old - 1) / (new - 1)),
        ({}, lambda i, old, new: i * old / new),
    ],
    ids=["half_pixel", "align_corners", "legacy"],
)
def test_bilinear_resize(size: tuple[int, int], attributes: dict[str, Any], position: Any) -> None:
    x = RNG.normal(size=(2, 6, 8, 3)).astype(np.float32)
    source = Source()
    y = source.add("ResizeBilinear", "x", source.constant(size, "int32"), **attributes)
    expected = interpolate(interpolate(x, size[0], 1, position), size[1], 2, position)
    np.testing.assert_allclose(run(source, y, x), expected, atol=1e-5)


def test_concatenation_joins_channels() -> None:
    x = RNG.normal(size=(2, 4, 5, 3)).astype(np.float32)
    source = Source()
    y = source.add("ConcatV2", "x", source.add("Relu", "x"), "x", source.constant(-1, "int32"))
    np.testing.assert_array_equal(run(source, y, x), np.concatenate([x, np.maximum(x, 0), x], -1))


def refuse(source: Source, output: str, complaint: str) -> None:
    with pytest.raises(tfjs.ConversionError, match=complaint):
        convert(source, output, (1, 8, 8, 3))


def test_what_cannot_be_translated_is_refused_by_name() -> None:
    source = Source()
    refuse(source, source.add("FancyOp", "x"), "operator FancyOp .* is not supported")
    refuse(source, source.add("Transpose", "x", source.constant([0, 2, 1, 3], "int32")), "only transpositions")
    refuse(source, source.add("ConcatV2", "x", "x", source.constant(1, "int32")), "only channels")
    refuse(source, source.constant([1.0]), "constants only")
    refuse(source, "absent", "no operator 'absent'")
    planes = source.add("Transpose", "x", source.constant([0, 3, 1, 2], "int32"))
    refuse(source, source.add("AddV2", planes, "x"), "lie differently")
    kernel = source.constant(np.zeros((1, 1, 3, 3)))
    refuse(source, source.add("Conv2D", "x", kernel, **convolution_attributes(1, "EXPLICIT")), "padding EXPLICIT")
    refuse(source, source.add("Conv2D", planes, kernel, **convolution_attributes(1, "SAME")), "only NHWC")


def test_stored_weights_are_restored() -> None:
    half = np.array([0.1, -2.5, 1e-3], np.float16)
    levels = np.array([0, 128, 255], np.uint8)
    whole = np.array([[1, -2], [3, 4]], np.int32)
    specs = [
        {"name": "half", "shape": [3], "dtype": "float32", "quantization": {"dtype": "float16"}},
        {
            "name": "levels",
            "shape": [3],
            "dtype": "float32",
            "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0},
        },
        {"name": "whole", "shape": [2, 2], "dtype": "int32"},
        {"name": "scalar", "shape": [], "dtype": "float32"},
    ]
    data = b"".join(a.tobytes() for a in (half, levels, whole, np.float32(7)))
    weights = read_weights([{"paths": ["a", "b"], "weights": specs}], {"a": data[:5], "b": data[5:]})
    assert {name: value.dtype for name, value in weights.items()} == {
        "half": np.float32,
        "levels": np.float32,
        "whole": np.int32,
        "scalar": np.float32,
    }
    np.testing.assert_array_equal(weights["half"], half.astype(np.float32))
    np.testing.assert_array_equal(weights["levels"], [-1, 63, 126.5])
    np.testing.assert_array_equal(weights["whole"], whole)
    assert weights["scalar"] == 7


@pytest.mark.parametrize("size", [11, 13])
def test_a_weight_file_of_the_wrong_length_is_refused(size: int) -> None:
    specs = [{"name": "a", "shape": [3], "dtype": "float32"}]
    with pytest.raises(ValueError, match=r"buffer|bytes"):
        read_weights([{"paths": ["a"], "weights": specs}], {"a": bytes(size)})
