"""Answers that are made of the messages about one person."""

from __future__ import annotations

import math

import numpy as np
import pytest
from opendr_perception.msg import BodyPose, Keypoint

from opendr_perception.ros.looking import WISHES, Answers, Told
from opendr_perception.ros.looking.answers import keypoints, shares


def body(left: float, right: float) -> np.ndarray:
    """Seven joints on each side of the middle, with these scores, and three in the middle."""
    x = [0.0] * 3 + [-1.0] * 7 + [1.0] * 7
    y = list(range(17))
    return np.column_stack([x, y, [0.9] * 3 + [left] * 7 + [right] * 7]).astype(float)


def told(answers: Answers, seconds: float, **fields: object) -> None:
    for k in range(round(seconds * 10) + 1):
        answers.add(Told(k / 10, **fields))  # type: ignore[arg-type]


def test_a_pose_is_as_sure_as_its_joints_are_on_average_and_lacks_what_is_hidden() -> None:
    answers, wish = Answers(), WISHES["poses"]
    told(answers, 0.3, keypoints=body(0.1, 0.9))
    assert answers.complete(wish)
    answer = answers.answer(wish, 2.0, 0.5)
    assert answer is not None and (answer.label, answer.distance, answer.pan) == ("", 2.0, 0.5)
    assert answer.confidence == pytest.approx((0.9 * 10 + 0.1 * 7) / 17)
    assert answer.missing.left == pytest.approx(7 * 0.9 / 17) and answer.missing.right == pytest.approx(7 * 0.1 / 17)


def test_an_action_counts_by_its_last_seconds_and_one_that_is_not_told_is_unknown() -> None:
    answers, wish = Answers(), WISHES["actions"]
    for k in range(51):
        wave = 0.1 if k < 30 else 0.8
        answers.add(Told(k / 10, body(0.9, 0.9), labels=("wave", "kick"), probabilities=np.array([wave, 1 - wave])))
        assert answers.complete(wish) == (k == 50)
    answer = answers.answer(wish, 2.0, 0.0)
    assert answer is not None and (answer.label, answer.confidence) == ("wave", pytest.approx(0.8))
    answers.clear()
    told(answers, 5.0, keypoints=body(0.9, 0.9), labels=("wave", "kick"))
    unknown = answers.answer(wish, 2.0, 0.0)
    assert unknown is not None and (unknown.label, unknown.confidence) == ("", 0.0)


def test_an_expression_lacks_what_is_turned_away() -> None:
    answers, wish = Answers(), WISHES["expressions"]
    told(answers, 1.0, yaw=0.8, labels=("happy", "sad"), probabilities=np.array([0.6, 0.4]))
    answer = answers.answer(wish, 2.0, 0.0)
    assert answer is not None and answer.label == "happy"
    assert (answer.missing.left, answer.missing.right) == (0.0, pytest.approx(0.8))


def test_nothing_is_made_of_nothing_and_stamps_that_do_not_advance_are_no_news() -> None:
    answers = Answers()
    assert answers.answer(WISHES["poses"], 2.0, 0.0) is None
    for _ in range(9):
        answers.add(Told(1.0, body(0.9, 0.9)))
    assert not answers.complete(WISHES["poses"])


@pytest.mark.parametrize("wrong", [16, 18, "nan"])
def test_other_keypoints_are_refused(wrong: int | str) -> None:
    points = [Keypoint(x=1.0, y=2.0, score=0.5) for _ in range(wrong if isinstance(wrong, int) else 17)]
    points[0].x = math.nan if wrong == "nan" else 0.0
    with pytest.raises(ValueError, match="17 finite ones"):
        keypoints(BodyPose(keypoints=points), None)


@pytest.mark.parametrize("wrong", [[0.5], [0.5, math.nan], [0.5, 1.5], []])
def test_other_probabilities_are_refused(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="of 2 labels"):
        shares(wrong, ("a", "b"))
