"""Arrays of a wrong shape or dtype are caught in the tests, wherever a task takes or gives one."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.nms.overlap import greedy_nms, pairwise_iou

jaxtyping = pytest.importorskip("jaxtyping")
PERSON = Detections(np.array([[0, 0, 9, 9]], np.float32), np.ones(1, np.float32))


def test_an_argument_of_a_wrong_shape_is_caught() -> None:
    with pytest.raises(jaxtyping.TypeCheckError, match="boxes"):
        pairwise_iou(np.zeros((2, 5)), np.zeros((3, 4)))


def test_axes_that_do_not_fit_together_are_caught() -> None:
    with pytest.raises(jaxtyping.TypeCheckError, match="scores"):
        greedy_nms(np.zeros((2, 4)), np.zeros(3), 0.5)


def test_a_field_of_a_result_is_caught() -> None:
    Poses(PERSON, np.zeros((1, 17, 3), np.float32))
    with pytest.raises(jaxtyping.TypeCheckError, match="keypoints"):
        Poses(PERSON, np.zeros((1, 17, 2), np.float32))
    with pytest.raises(jaxtyping.TypeCheckError, match="keypoints"):
        Poses(PERSON, np.zeros((1, 17, 3), np.int64))
