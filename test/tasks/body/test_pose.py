"""Pose estimation: real pedestrians get their keypoints in the right places."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from opendr_perception import zoo
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.body.pose import COCO17, COCO17_LIMBS, MARGIN, PoseEstimator, largest
from opendr_perception.tasks.imaging.image import Image, square
from opendr_perception.tasks.people.detection import Detections, PersonDetector


@pytest.fixture(scope="module")
def estimator(models: dict[str, zoo.ModelFile]) -> PoseEstimator:
    detector = PersonDetector(Session(models["nanodet"].path, threads=1))
    return PoseEstimator(detector, Session(models["movenet-thunder"].path, threads=1))


def of(keypoints: np.ndarray, part: str) -> np.ndarray:
    """Mean (x, y) of the left and right keypoint of a part, for each person."""
    return keypoints[:, [COCO17.index(f"{side}_{part}") for side in ("left", "right")], :2].mean(axis=1)


def test_pedestrians_stand_on_their_feet(estimator: PoseEstimator, street: list[np.ndarray]) -> None:
    [poses] = estimator([Image(street[0], "bgr8")])
    boxes = poses.people.boxes
    assert poses.keypoints.shape == (len(poses), 17, 3)
    assert poses.keypoints.dtype == np.float32
    assert ((poses.keypoints[..., 2] >= 0) & (poses.keypoints[..., 2] <= 1)).all()

    heights = boxes[:, 3] - boxes[:, 1]
    whole = (heights >= 60) & (boxes[:, 3] < 570) & (boxes[:, 1] > 5)
    assert whole.sum() >= 2, "the street should be full of people"
    upright = poses.keypoints[whole]
    assert (of(upright, "shoulder")[:, 1] < of(upright, "hip")[:, 1]).all()
    assert (of(upright, "hip")[:, 1] < of(upright, "knee")[:, 1]).all()
    assert (of(upright, "knee")[:, 1] < of(upright, "ankle")[:, 1]).all()
    assert (upright[..., 2].mean(axis=1) > 0.2).all()

    enlarged = heights[whole, None] * 0.15
    for axis, size in ((0, 768), (1, 576)):
        place = upright[..., axis]
        assert (place >= boxes[whole, axis, None] - enlarged).all()
        assert (place <= boxes[whole, axis + 2, None] + enlarged).all()
        assert (place.mean(axis=1) < size).all()
    ankles = of(upright, "ankle")[:, 1]
    assert (np.abs(ankles - boxes[whole, 3]) < 0.25 * heights[whole]).all(), "feet are at the lower end of the box"


def test_several_images_give_what_each_gives_alone(
    estimator: PoseEstimator, street: list[np.ndarray], talking_head: list[np.ndarray]
) -> None:
    empty = Image(np.zeros((100, 100, 3), np.uint8), "bgr8")
    images = [Image(street[0], "bgr8"), empty, Image(talking_head[0], "bgr8")]
    together = estimator(images)
    assert [len(poses) > 0 for poses in together] == [True, False, True]
    assert together[1].keypoints.shape == (0, 17, 3)
    for image, poses in zip(images, together, strict=True):
        [alone] = estimator([image])
        np.testing.assert_allclose(poses.keypoints, alone.keypoints, atol=1e-2)
        np.testing.assert_array_equal(poses.people.boxes, alone.people.boxes)


def test_the_largest_people_are_looked_at(
    models: dict[str, zoo.ModelFile], estimator: PoseEstimator, street: list[np.ndarray]
) -> None:
    [everybody] = estimator([Image(street[0], "bgr8")])
    few = PoseEstimator(estimator.detector, Session(models["movenet-lightning"].path, threads=1), max_persons=2)
    [poses] = few([Image(street[0], "bgr8")])
    assert len(poses) == 2
    areas = np.prod(everybody.people.boxes[:, 2:] - everybody.people.boxes[:, :2], axis=1)
    kept = np.prod(poses.people.boxes[:, 2:] - poses.people.boxes[:, :2], axis=1)
    np.testing.assert_allclose(np.sort(kept), np.sort(areas)[-2:])


def test_largest_keeps_the_order() -> None:
    people = Detections(np.array([[0, 0, 2, 2], [0, 0, 1, 1], [0, 0, 3, 3]], np.float32), np.array([0.9, 0.8, 0.7]))
    assert largest(people, 2).tolist() == [0, 2]
    assert len(largest(people, 9)) == 3
    assert len(largest(people[:0], 2)) == 0


def test_the_square_has_the_centre_of_the_box_and_a_margin() -> None:
    assert square(np.array([10.0, 20.0, 30.0, 100.0]), MARGIN) == pytest.approx((20 - 50, 60 - 50, 20 + 50, 60 + 50))
    x_min, y_min, x_max, y_max = square(np.array([5.0, 5.0, 5.0, 5.0]), MARGIN)
    assert x_max - x_min == y_max - y_min == pytest.approx(MARGIN)


def test_limbs_join_keypoints_of_one_side_or_across() -> None:
    assert {index for limb in COCO17_LIMBS for index in limb} == set(range(17))


def write_pose_model(path: Any, values: list[float], size: tuple[Any, Any] = (32, 32)) -> Any:
    """A model that finds all keypoints of every crop at one place: y, x, score."""
    value = helper.make_tensor("v", TensorProto.FLOAT, [1, 1, 3], values)
    graph = helper.make_graph(
        [
            helper.make_node("Constant", [], ["point"], value=value),
            helper.make_node("Shape", ["image"], ["batch"], start=0, end=1),
            helper.make_node("Constant", [], ["rest"], value=helper.make_tensor("r", TensorProto.INT64, [2], [17, 3])),
            helper.make_node("Concat", ["batch", "rest"], ["shape"], axis=0),
            helper.make_node("Expand", ["point", "shape"], ["keypoints"]),
        ],
        "one point",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ("N", *size, 3))],
        [helper.make_tensor_value_info("keypoints", TensorProto.FLOAT, ("N", 17, 3))],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def test_keypoints_are_mapped_from_the_crop_to_the_image(
    estimator: PoseEstimator, street: list[np.ndarray], tmp_path: Any
) -> None:
    corner = PoseEstimator(estimator.detector, Session(write_pose_model(tmp_path / "corner.onnx", [0.0, 1.0, 1.5])))
    [poses] = corner([Image(street[0], "bgr8")])
    for box, keypoints in zip(poses.people.boxes, poses.keypoints, strict=True):
        _, y_min, x_max, _ = square(box, MARGIN)
        np.testing.assert_allclose(keypoints, np.tile([x_max, y_min, 1.0], (17, 1)), atol=1e-2)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_a_keypoint_that_was_not_seen(
    estimator: PoseEstimator, street: list[np.ndarray], tmp_path: Any, place: int, value: float
) -> None:
    values = [0.5, 0.5, 0.9]
    values[place] = value
    broken = PoseEstimator(estimator.detector, Session(write_pose_model(tmp_path / "broken.onnx", values)))
    [poses] = broken([Image(street[0], "bgr8")])
    assert np.isfinite(poses.keypoints).all()
    assert (poses.keypoints[..., 2] == 0).all()


def test_another_model_is_refused_with_what_was_expected(
    estimator: PoseEstimator, models: dict[str, zoo.ModelFile], tmp_path: Any
) -> None:
    with pytest.raises(EngineError, match=r"expected the outputs keypoints .*; found scores"):
        PoseEstimator(estimator.detector, Session(models["nanodet"].path))
    free = write_pose_model(tmp_path / "free.onnx", [0.0, 0.0, 0.0], ("H", "W"))
    with pytest.raises(EngineError, match=r"size of the crops must be fixed, found image uint8 \(any, any, any, 3\)"):
        PoseEstimator(estimator.detector, Session(free))
