"""Person detection: NanoDet's decoding against its definition, and real people in real images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from opendr_perception import zoo
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.nms.overlap import iou
from opendr_perception.tasks.people.detection import Detections, PersonDetector, canvas_size
from opendr_perception.tasks.people.formats.anchors import anchor_centres
from opendr_perception.tasks.people.formats.nanodet import BINS, decode_boxes


@pytest.fixture(scope="module")
def detector(models: dict[str, zoo.ModelFile]) -> PersonDetector:
    return PersonDetector(Session(models["nanodet"].path, threads=1))


def test_anchors_are_the_centres_of_cells_row_by_row_level_by_level() -> None:
    centres = anchor_centres((64, 96))
    assert len(centres) == 8 * 12 + 4 * 6 + 2 * 3
    np.testing.assert_array_equal(centres[:2], [[4, 4, 8], [12, 4, 8]])
    np.testing.assert_array_equal(centres[12], [4, 12, 8])
    np.testing.assert_array_equal(centres[96:98], [[8, 8, 16], [24, 8, 16]])
    np.testing.assert_array_equal(centres[-1], [80, 48, 32])


def test_sides_are_the_means_of_their_distributions_times_the_stride() -> None:
    logits = np.full((2, 4, BINS), -100.0, np.float32)
    for side, bin_ in enumerate((1, 2, 3, 10)):
        logits[0, side, bin_] = 0
    logits[1, :, 4] = logits[1, :, 5] = 50  # two equal peaks: 4.5
    boxes = decode_boxes(logits.reshape(2, -1), np.array([[100, 100, 8], [200, 100, 16]], np.float32))
    np.testing.assert_allclose(boxes[0], [100 - 8, 100 - 16, 100 + 24, 100 + 80], rtol=1e-5)
    np.testing.assert_allclose(boxes[1], [200 - 72, 100 - 72, 200 + 72, 100 + 72], rtol=1e-5)
    assert decode_boxes(np.empty((0, 44)), np.empty((0, 3))).shape == (0, 4)
    assert np.isfinite(decode_boxes(np.full((1, 44), 1e4), np.ones((1, 3)))).all()


@pytest.mark.parametrize(
    ("image", "canvas"),
    [
        ((416, 416), (416, 416)),
        ((480, 640), (320, 416)),
        ((1080, 1920), (256, 416)),
        ((1, 3000), (32, 416)),
        ((10, 5), (416, 224)),
    ],
)
def test_the_canvas_has_the_longest_side_and_whole_strides(image: tuple[int, int], canvas: tuple[int, int]) -> None:
    assert canvas_size(*image, 416) == canvas


def test_pedestrians_are_found_best_first_and_inside_the_image(
    detector: PersonDetector, street: list[np.ndarray]
) -> None:
    [people] = detector([Image(street[0], "bgr8")])
    assert len(people) >= 3
    assert people.boxes.dtype == people.scores.dtype == np.float32
    assert (np.diff(people.scores) <= 0).all()
    assert ((people.scores > detector.score_threshold) & (people.scores <= 1)).all()
    assert (people.boxes >= 0).all()
    assert (people.boxes <= [768, 576, 768, 576]).all()
    width, height = (people.boxes[:, 2:] - people.boxes[:, :2]).T
    assert np.median(height / width) > 1.5, "people who walk are taller than wide"
    assert (height > 30).all()


def test_a_batch_of_cameras_gives_what_each_gives_alone(
    detector: PersonDetector, street: list[np.ndarray], talking_head: list[np.ndarray]
) -> None:
    images = [Image(street[0], "bgr8"), Image(talking_head[0], "bgr8"), Image(street[5], "bgr8")]
    together = detector(images)
    for image, found in zip(images, together, strict=True):
        [alone] = detector([image])
        np.testing.assert_allclose(found.boxes, alone.boxes, atol=1e-3)
        np.testing.assert_allclose(found.scores, alone.scores, atol=1e-5)
    assert [len(found) > 0 for found in together] == [True, True, True]


def test_colour_order_and_scale_do_not_matter_but_the_place_does(
    detector: PersonDetector, street: list[np.ndarray]
) -> None:
    [people] = detector([Image(street[0], "bgr8")])
    [same] = detector([Image(np.ascontiguousarray(street[0][..., ::-1]), "rgb8")])
    np.testing.assert_allclose(same.boxes, people.boxes, atol=1)

    moved = np.zeros((576 + 64, 768 + 96, 3), np.uint8)
    moved[64:, 96:] = street[0]
    [found] = detector([Image(moved, "bgr8")])
    best = people.boxes[0] + [96, 64, 96, 64]
    assert iou(best, found.boxes).max() > 0.7


def test_an_empty_scene_and_a_strict_threshold_give_nobody(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray]
) -> None:
    session = Session(models["nanodet"].path, threads=1)
    [nobody] = PersonDetector(session)([Image(np.full((480, 640, 3), 90, np.uint8), "bgr8")])
    assert (len(nobody), nobody.boxes.shape) == (0, (0, 4))
    assert len(PersonDetector(session, score_threshold=1.0)([Image(street[0], "bgr8")])[0]) == 0
    assert PersonDetector(session)([]) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 900, 3), (900, 2, 3)])
def test_odd_images_are_taken(detector: PersonDetector, shape: tuple[int, int, int]) -> None:
    assert len(detector([Image(np.zeros(shape, np.uint8), "bgr8")])) == 1


@pytest.mark.parametrize("size", [0, -32, 100])
def test_an_input_size_that_the_network_cannot_take_is_refused(models: dict[str, zoo.ModelFile], size: int) -> None:
    with pytest.raises(ValueError, match=f"multiple of 32, got {size}"):
        PersonDetector(Session(models["nanodet"].path), input_size=size)


def test_another_model_is_refused_with_what_was_expected(models: dict[str, zoo.ModelFile]) -> None:
    with pytest.raises(EngineError, match=r"expected the outputs scores .*; found keypoints float32 \(any, 17, 3\)"):
        PersonDetector(Session(models["movenet-lightning"].path))


def test_what_is_no_number_is_nobody(tmp_path: Path) -> None:
    """A network that overflows, as in half precision, gives NaN."""
    nodes = [
        helper.make_node("Constant", [], ["nan"], value=helper.make_tensor("v", TensorProto.FLOAT, [], [float("nan")])),
        helper.make_node("Constant", [], ["one"], value=helper.make_tensor("v", TensorProto.FLOAT, [], [0.9])),
        helper.make_node("Constant", [], ["a"], value=helper.make_tensor("v", TensorProto.INT64, [3], [1, 84, 80])),
        helper.make_node("Constant", [], ["b"], value=helper.make_tensor("v", TensorProto.INT64, [3], [1, 84, 44])),
        helper.make_node("Expand", ["one", "a"], ["scores"]),
        helper.make_node("Expand", ["nan", "b"], ["distances"]),
    ]
    graph = helper.make_graph(
        nodes,
        "overflow",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ("N", "H", "W", 3))],
        [
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ("N", "A", 80)),
            helper.make_tensor_value_info("distances", TensorProto.FLOAT, ("N", "A", 44)),
        ],
    )
    path = tmp_path / "overflow.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    [people] = PersonDetector(Session(path), input_size=64)([Image(np.zeros((64, 64, 3), np.uint8), "bgr8")])
    assert len(people) == 0


@pytest.mark.usefixtures("arrays_unchecked")
def test_boxes_and_scores_must_belong_together() -> None:
    with pytest.raises(ValueError, match="do not belong"):
        Detections(np.empty((2, 4)), np.empty(3))
    pair = Detections(np.arange(8.0).reshape(2, 4), np.array([0.9, 0.8]))
    assert pair[np.array([1])].scores.tolist() == [0.8]
    assert len(pair[:1]) == 1
