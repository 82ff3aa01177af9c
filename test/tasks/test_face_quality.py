"""What is small, blurred, turned away or hardly a face does not pass."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.face import FaceDetector
from opendr_perception.tasks.face_geometry import align
from opendr_perception.tasks.face_quality import TO_DECIDE, TO_ENROL, Quality, sharpness
from opendr_perception.tasks.image import Image

GOOD = Quality(score=0.9, width=100, sharpness=0.1, yaw=0.1, pitch=-0.1)


@pytest.mark.parametrize("gate", [TO_DECIDE, TO_ENROL])
def test_each_fault_is_named(gate: object) -> None:
    assert TO_DECIDE.problem(GOOD) == TO_ENROL.problem(GOOD) == ""
    for fault, complaint in [
        ({"width": 20}, "too small: 20 of"),
        ({"sharpness": 0.001}, "blurred"),
        ({"yaw": -1.0}, "turned away: yaw -57"),
        ({"pitch": 0.8}, "turned away"),
        ({"yaw": np.nan}, "turned away"),
        ({"score": 0.5}, "hardly a face"),
    ]:
        assert complaint in gate.problem(replace(GOOD, **fault))  # type: ignore[attr-defined, arg-type]


def test_who_may_be_enrolled_may_be_recognised() -> None:
    assert (TO_ENROL.score, TO_ENROL.width, TO_ENROL.sharpness) >= (
        TO_DECIDE.score,
        TO_DECIDE.width,
        TO_DECIDE.sharpness,
    )
    assert (TO_ENROL.yaw, TO_ENROL.pitch) <= (TO_DECIDE.yaw, TO_DECIDE.pitch)


def test_sharpness_falls_with_blur_and_not_with_light(models: dict[str, zoo.ModelFile], astronaut: np.ndarray) -> None:
    [faces] = FaceDetector(Session(models["blazeface"].path, threads=1))([Image(astronaut, "bgr8")])

    def of(picture: np.ndarray) -> float:
        return sharpness(align(Image(picture, "bgr8"), faces.landmarks[0]))

    blurred = [of(cv2.GaussianBlur(astronaut, (0, 0), sigma)) for sigma in (0.5, 1, 2, 4, 8)]
    assert blurred == sorted(blurred, reverse=True)
    assert of(astronaut) > TO_ENROL.sharpness > blurred[3]
    assert of(astronaut // 2) == pytest.approx(of(astronaut), rel=0.2)
    assert sharpness(np.full((150, 150, 3), 90, np.uint8)) == 0
