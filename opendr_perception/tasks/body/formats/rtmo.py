"""RTMO: all people of an image in one stage [Lu 2024]."""

from __future__ import annotations

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.body.formats.base import FLOAT, IMAGE, DecodedBodies
from opendr_perception.tasks.body.formats.one_stage import OneStage
from opendr_perception.tasks.body.layouts import COCO17
from opendr_perception.tasks.imaging import Fit


def rtmo(session: Session) -> OneStage:
    """The outputs `dets` (N, K, 5): x_min, y_min, x_max, y_max, score, and `keypoints` (N, K, 17, 3): x, y, score.

    MMDeploy leaves people in it that overlap much, so they are suppressed once more.

    Raises:
        EngineError: the model has no such outputs.
    """
    session.expect(
        inputs=[IMAGE],
        outputs=[
            Tensor("dets", (None, None, 5), FLOAT),
            Tensor("keypoints", (None, None, len(COCO17), 3), FLOAT),
        ],
    )
    return OneStage(session, Fit("bgr", "corner", 114), _decode, one_each=False)


def _decode(outputs: Outputs, above: float) -> DecodedBodies:
    dets = outputs["dets"]
    chosen = dets[:, 4] > above
    return DecodedBodies(outputs["keypoints"][chosen], dets[chosen, :4], dets[chosen, 4])
