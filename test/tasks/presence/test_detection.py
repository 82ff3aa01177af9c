"""Human presence: where the cells of its heatmap lie in the image, images of any size, and real people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.presence.detection import HumanPresence

FIELD = 61


@pytest.fixture
def brightness(tmp_path: Path) -> Callable[..., Session]:
    """Make a network that is sure where the pixel in the middle of the window is white."""

    def make(stride: int, said: str = "") -> Session:
        weight, bias = np.zeros((1, 3, FIELD, FIELD), np.float32), np.float32([-10])
        weight[:, :, FIELD // 2, FIELD // 2] = 20 / 3 / 255
        graph = helper.make_graph(
            [
                helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
                helper.make_node("Transpose", ["floats"], ["planes"], perm=[0, 3, 1, 2]),
                helper.make_node("Conv", ["planes", "weight", "bias"], ["logits"], strides=[stride, stride]),
                helper.make_node("Sigmoid", ["logits"], ["maps"]),
                helper.make_node("Squeeze", ["maps", "axis"], ["presence"]),
            ],
            "brightness",
            [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", "H", "W", 3])],
            [helper.make_tensor_value_info("presence", TensorProto.FLOAT, ["N", "h", "w"])],
            [
                numpy_helper.from_array(weight, "weight"),
                numpy_helper.from_array(bias, "bias"),
                numpy_helper.from_array(np.int64([1]), "axis"),
            ],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        helper.set_model_props(model, {"stride": said or str(stride), "offset": str(FIELD / 2)})
        path = tmp_path / f"brightness-{stride}.onnx"
        onnx.save(model, str(path))
        return Session(path, threads=1)

    return make


def centre(values: np.ndarray) -> tuple[float, float]:
    """Column and row of the centre of mass, without the background."""
    rest = values - values.min()
    return tuple(float((np.indices(values.shape)[axis] * rest).sum() / rest.sum()) for axis in (1, 0))  # type: ignore[return-value]


@pytest.mark.parametrize("stride", [4, 8])
@pytest.mark.parametrize("scale", [1.0, 0.5, 0.25])
def test_cells_lie_where_they_say(brightness: Callable[..., Session], stride: int, scale: float) -> None:
    presence = HumanPresence(brightness(stride), [scale])
    side = round(1 / scale)  # of a block that is one pixel in the size that is looked at
    margin = int(np.ceil(FIELD / 2 - stride / 2))
    for cell in ((0, 0), (7, 3), (11, 10)):
        left, top = (side * (stride * index + FIELD // 2 - margin) for index in cell)
        pixels = np.zeros((400, 480, 3), np.uint8)
        pixels[top : top + side, left : left + side] = 255
        heatmap = presence(pixels)
        assert heatmap.values.shape == (400 // stride, 480 // stride)
        x, y = (heatmap.offset + heatmap.stride * index for index in centre(heatmap.values))
        tolerance = 0.01 if cell != (0, 0) else stride * side / 2  # of the first cell, a part lies beyond the border
        assert (x, y) == pytest.approx((left + side / 2, top + side / 2), abs=tolerance)


def test_all_of_the_image_is_covered(brightness: Callable[..., Session]) -> None:
    presence = HumanPresence(brightness(4))
    for height, width in ((64, 64), (65, 999), (301, 70), (240, 322)):
        pixels = np.zeros((height, width, 3), np.uint8)
        assert presence(pixels).values.shape == (-(-height // 4), -(-width // 4))
        for rows, columns in ((slice(0, 9), slice(0, 9)), (slice(-9, None), slice(-9, None))):
            lit = pixels.copy()
            lit[rows, columns] = 255
            values = presence(lit).values
            corner = values[:2, :2] if rows.start == 0 else values[-2:, -2:]
            assert corner.min() > 0.4
            assert (values > 0.4).sum() <= 36


def test_the_surest_size_counts(brightness: Callable[..., Session]) -> None:
    network = brightness(4)
    pixels = np.random.default_rng(0).integers(0, 256, (256, 320, 3), np.uint8)
    apart = [HumanPresence(network, [scale])(pixels).values for scale in (1.0, 0.5, 0.25)]
    np.testing.assert_array_equal(HumanPresence(network)(pixels).values, np.max(apart, axis=0))


def test_large_images_are_reduced(brightness: Callable[..., Session]) -> None:
    pixels = np.zeros((2160, 3840, 3), np.uint8)
    pixels[960:1040, 1960:2040] = 255
    heatmap = HumanPresence(brightness(8), [1.0], longest=480)(pixels)
    assert heatmap.values.shape == (270, 480)
    x, y = (heatmap.offset + heatmap.stride * index for index in centre(heatmap.values))
    assert (x, y) == pytest.approx((2000, 1000), abs=32)


def test_what_cannot_be_looked_at_is_refused(brightness: Callable[..., Session]) -> None:
    network = brightness(4)
    with pytest.raises(ValueError, match="at least 64 pixels a side, not 640x63"):
        HumanPresence(network)(np.zeros((63, 640, 3), np.uint8))
    for scales in ((), (0.0,), (2.0,)):
        with pytest.raises(ValueError, match="scales must be"):
            HumanPresence(network, scales)
    with pytest.raises(ValueError, match="longest must be"):
        HumanPresence(network, longest=63)
    for said in ("four", "0"):
        with pytest.raises(EngineError, match="do not say stride and offset"):
            HumanPresence(brightness(4, said=said))
