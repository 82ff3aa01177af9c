"""Boxes as vision_msgs/Detection2DArray, which trackers, fusion and RViz take."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from opendr_perception.ros.outputs.lazy import StampedResult
from opendr_perception.ros.outputs.shapes import Shape


def detections_2d(types: ModuleType, result: StampedResult, shapes: Sequence[Shape]) -> object:
    """A Detection2DArray of vision_msgs 4: `id` is the track id, `class_id` is `person` or `face`."""
    return types.Detection2DArray(
        header=result.header, detections=[_detection(types, result, shape) for shape in shapes]
    )


def _detection(types: ModuleType, result: StampedResult, shape: Shape) -> object:
    box = shape.box
    detection = types.Detection2D(header=result.header, id=shape.track)
    detection.bbox.center.position.x = (box.x_min + box.x_max) / 2
    detection.bbox.center.position.y = (box.y_min + box.y_max) / 2
    detection.bbox.size_x = box.x_max - box.x_min
    detection.bbox.size_y = box.y_max - box.y_min
    hypothesis = types.ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = shape.kind
    hypothesis.hypothesis.score = shape.score
    detection.results = [hypothesis]
    return detection


def label_info(types: ModuleType, params: object, labels: Sequence[str]) -> object:
    """LabelInfo of vision_msgs 4: the classes of a node, and its `score_threshold`, where it has one."""
    classes = [types.VisionClass(class_id=number, class_name=name) for number, name in enumerate(labels)]
    return types.LabelInfo(class_map=classes, threshold=float(getattr(params, "score_threshold", 0.0)))
