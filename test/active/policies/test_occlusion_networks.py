"""The trained networks on a portrait, before which something is painted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.active.perception.observation import FaceObservation, Recognition
from opendr_perception.active.policies.occlusion import SIDES, OcclusionNetworks
from opendr_perception.engine.session import Session
from opendr_perception.tasks.face.detection import FaceDetector
from opendr_perception.tasks.imaging.image import Image


@pytest.fixture(scope="module")
def networks(models: Any) -> OcclusionNetworks:
    names = ("face-features", "occlusion-direction", "occlusion-ratio")
    return OcclusionNetworks(*(zoo.session(name, threads=1) for name in names))


@pytest.fixture(scope="module")
def detector(models: Any) -> FaceDetector:
    return FaceDetector(Session(models["blazeface"].path, threads=1))


def covered(image: np.ndarray, detector: FaceDetector, side: str, share: float) -> FaceObservation:
    """A view of the portrait with a grey board before one side of the face."""
    box = detector([Image(image, "bgr8")])[0].detections.boxes[0]
    x, width = box[0], box[2] - box[0]
    painted = image.copy()
    if side == "left":
        painted[:, : int(x + share * width)] = (90, 110, 100)
    elif side == "right":
        painted[:, int(x + (1 - share) * width) :] = (90, 110, 100)
    (faces,) = detector([Image(painted, "bgr8")])
    box, landmarks = faces.detections.boxes[0], faces.landmarks[0]
    return FaceObservation(Image(painted, "bgr8"), box, landmarks, Recognition("", 0.0), 2.0)


@pytest.mark.parametrize("side", ["left", "right", "none"])
def test_the_covered_side_is_named(
    networks: OcclusionNetworks, detector: FaceDetector, astronaut: np.ndarray, side: str
) -> None:
    probabilities = networks.direction(covered(astronaut, detector, side, 0.4))
    assert probabilities.sum() == pytest.approx(1, abs=1e-4)
    assert SIDES[int(probabilities.argmax())] == side


def test_the_less_the_step_has_changed_the_more_is_to_go(
    networks: OcclusionNetworks, detector: FaceDetector, astronaut: np.ndarray
) -> None:
    before = covered(astronaut, detector, "left", 0.45)
    ratios = [networks.ratio(before, covered(astronaut, detector, "left", share)) for share in (0.43, 0.3, 0.05)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > 2
    assert ratios[2] < 1
