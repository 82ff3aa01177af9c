"""YOLOv8-pose, YOLO11-pose, YOLO26-pose and their like, as Ultralytics exports them [Maji 2022, YOLO-Pose]."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.body.formats.base import FLOAT, IMAGE, DecodedBodies
from opendr_perception.tasks.body.formats.one_stage import OneStage, as_keypoints
from opendr_perception.tasks.body.layouts import COCO17
from opendr_perception.tasks.imaging import Fit

NUMBERS = 3 * len(COCO17)
FIT = Fit("rgb", "middle", 114)


def yolo_pose(session: Session) -> OneStage:
    """The raw output `predictions` (N, 56, A): centre x, y, width, height, score, keypoints; still to be suppressed.

    Raises:
        EngineError: the model has no such output.
    """
    session.expect(inputs=[IMAGE], outputs=[Tensor("predictions", (None, 5 + NUMBERS, None), FLOAT)])
    return OneStage(session, FIT, _decode, one_each=False)


def yolo_pose_end_to_end(session: Session) -> OneStage:
    """The output `detections` (N, K, 57): x_min, y_min, x_max, y_max, score, class, keypoints; one for each person.

    Raises:
        EngineError: the model has no such output.
    """
    session.expect(inputs=[IMAGE], outputs=[Tensor("detections", (None, None, 6 + NUMBERS), FLOAT)])
    return OneStage(session, FIT, _decode_end_to_end, one_each=True)


def _decode(outputs: Outputs, above: float) -> DecodedBodies:
    predictions = outputs["predictions"]
    rows = predictions[:, predictions[4] > above].T
    halves = rows[:, 2:4] / 2
    boxes = np.concatenate([rows[:, :2] - halves, rows[:, :2] + halves], axis=1)
    return DecodedBodies(as_keypoints(rows[:, 5:]), boxes, rows[:, 4])


def _decode_end_to_end(outputs: Outputs, above: float) -> DecodedBodies:
    rows = outputs["detections"]
    rows = rows[(rows[:, 4] > above) & (np.rint(rows[:, 5]) == 0)]
    return DecodedBodies(as_keypoints(rows[:, 6:]), rows[:, :4], rows[:, 4])
