"""The rewritten first and last layers, against the formulas in numpy, for several images at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

ort = pytest.importorskip("onnxruntime")
heads = pytest.importorskip("opendr_perception.zoo.convert.heads")

from opendr_perception.zoo.convert.builder import GraphBuilder  # noqa: E402
from opendr_perception.zoo.convert.folding import fold  # noqa: E402
from opendr_perception.zoo.convert.tfjs import GraphMap  # noqa: E402

Array = NDArray[Any]
RNG = np.random.default_rng(11)


class Maps:
    """A graph whose inputs are feature maps of random numbers."""

    def __init__(self) -> None:
        self.builder = GraphBuilder("test")
        self.values: dict[str, Array] = {}

    def map(self, channels: int, height: int, width: int, batch: int = 3) -> GraphMap:
        name = f"map_{len(self.values)}"
        self.values[name] = RNG.normal(size=(batch, channels, height, width)).astype(np.float32)
        self.builder.input(name, "float32", ["N", channels, height, width])
        return GraphMap(name, channels, height, width, channels_last=True)

    def run(self) -> dict[str, Array]:
        fold(self.builder)
        model = self.builder.build().SerializeToString()
        session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(None, self.values), strict=True))


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def rows(x: Array, values: int) -> Array:
    return x.transpose(0, 2, 3, 1).reshape(len(x), -1, values)


@pytest.mark.parametrize("dynamic", [False, True])
def test_image_input_normalises_in_the_order_of_the_channels(dynamic: bool) -> None:
    maps = Maps()
    mean, std = [10.0, 20.0, 30.0], [1.0, 2.0, 4.0]
    x = heads.image_input(maps.builder, 4, 6, mean, std, dynamic=dynamic)
    maps.builder.output("y", maps.builder.add("Identity", x.tensor), "float32", ["N", 3, "h", "w"])
    image = RNG.integers(0, 256, (2, 4, 6, 3), dtype=np.uint8)
    maps.values["image"] = image
    np.testing.assert_allclose(maps.run()["y"], ((image - np.array(mean)) / std).transpose(0, 3, 1, 2), atol=1e-5)
    if dynamic:
        maps.values["image"] = np.zeros((1, 8, 2, 3), np.uint8)
        assert maps.run()["y"].shape == (1, 3, 8, 2)


def test_nanodet_head_orders_anchors_by_stride_then_row() -> None:
    maps = Maps()
    levels = [maps.map(5 + 12, 4, 6), maps.map(5 + 12, 2, 3)]
    heads.nanodet_head(maps.builder, levels, classes=5, bins=3)
    found = maps.run()
    expected = np.concatenate([rows(maps.values[level.tensor], 17) for level in levels], 1)
    np.testing.assert_allclose(found["scores"], sigmoid(expected[..., :5]), atol=1e-6)
    np.testing.assert_array_equal(found["distances"], expected[..., 5:])


def test_blazeface_head_lists_the_anchors_of_a_cell_together() -> None:
    maps = Maps()
    boxes, scores = [maps.map(32, 16, 16), maps.map(96, 8, 8)], [maps.map(2, 16, 16), maps.map(6, 8, 8)]
    heads.blazeface_head(maps.builder, boxes, scores)
    found = maps.run()
    expected = np.concatenate([rows(maps.values[m.tensor], 16) for m in boxes], 1)
    np.testing.assert_array_equal(found["boxes"], expected)
    expected = np.concatenate([rows(maps.values[m.tensor], 1) for m in scores], 1)
    np.testing.assert_allclose(found["scores"], sigmoid(expected[..., 0]), atol=1e-6)


def decode_one(heat: Array, centre: Array, regression: Array, offset: Array, weights: Array) -> Array:
    """MoveNet's decoding of one image, keypoint by keypoint."""
    _, height, width = heat.shape
    cy, cx = np.unravel_index((sigmoid(centre[0]) * weights).argmax(), (height, width))
    row, column = np.mgrid[:height, :width]
    keypoints = []
    for k, logits in enumerate(heat):
        y, x = cy + regression[2 * k, cy, cx], cx + regression[2 * k + 1, cy, cx]
        score = sigmoid(logits)
        i, j = np.unravel_index((score / (np.hypot(row - y, column - x) + 1.8)).argmax(), (height, width))
        keypoints.append([(i + offset[2 * k, i, j]) * 0.1, (j + offset[2 * k + 1, i, j]) * 0.1, score[i, j]])
    return np.array(keypoints)


def test_movenet_head_decodes_each_image_of_a_batch_by_itself() -> None:
    maps = Maps()
    height, width = 6, 8
    inputs = [maps.map(channels, height, width, batch=4) for channels in (17, 1, 34, 34)]
    weights = RNG.random((height, width, 1)).astype(np.float32)
    heads.movenet_head(maps.builder, heads.MoveNetMaps(*inputs), weights, softening=1.8, cell_size=0.1)
    found = maps.run()["keypoints"]
    values = [maps.values[m.tensor] for m in inputs]
    expected = [decode_one(*one, weights[..., 0]) for one in zip(*values, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-5)
