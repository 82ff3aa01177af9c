"""Messages about one person, judged over a while: their pose, what they do, or how they look."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.active.improvement import ViewAnswer
from opendr_perception.active.policies import (
    ACTIONS,
    EXPRESSIONS,
    POSES,
    Lacking,
    lacking,
    lacking_of_action,
    lacking_of_expression,
)
from opendr_perception.msg import BodyPose

NAMES, LAYOUT, JOINTS = "names", "coco17", 17
LEAST = 3
"""Messages that an answer is made of."""
MOST = 1000


@dataclass(frozen=True)
class Wish:
    """Something that is looked for, other than names.

    Args:
        name: of it.
        topics: that tell it.
        seconds: for which a place is looked from: an action takes its time.
        judged: the last ones of them, which count.
        weights: of what is expected from other sides.
    """

    name: str
    topics: tuple[str, ...]
    seconds: float
    judged: float
    weights: Sequence[Sequence[float]]


WISHES = {
    wish.name: wish
    for wish in (
        Wish("poses", ("poses",), 0.3, 0.3, POSES),
        Wish("actions", ("poses", "actions"), 5.0, 2.0, ACTIONS),
        Wish("expressions", ("faces", "emotions"), 1.0, 1.0, EXPRESSIONS),
    )
}
LOOK_FOR = (NAMES, *WISHES)
"""Things that the robot moves for."""


@dataclass(frozen=True, eq=False)
class Told:
    """Contents of the messages about one image of the person.

    Args:
        stamp: s.
        keypoints: (17, 3) x, y and calibrated score; None of an expression.
        yaw: of the head, rad; NaN of a body.
        labels: that there are.
        probabilities: of each; empty where nothing is told.
    """

    stamp: float
    keypoints: np.ndarray | None = None
    yaw: float = math.nan
    labels: Sequence[str] = ()
    probabilities: np.ndarray | None = None


def keypoints(pose: BodyPose, calibrate: Callable[[np.ndarray], np.ndarray] | None) -> np.ndarray:
    """(17, 3) x, y and calibrated score.

    Raises:
        ValueError: there are others.
    """
    points = np.array([(point.x, point.y, point.score) for point in pose.keypoints], np.float64)
    if points.shape != (JOINTS, 3) or not np.isfinite(points).all():
        raise ValueError(f"a body of {points.shape[:1]} keypoints, {JOINTS} finite ones of {LAYOUT} are needed")
    if calibrate is not None:
        points[:, 2] = calibrate(points[:, 2])
    return points


def shares(probabilities: Sequence[float], labels: Sequence[str]) -> np.ndarray:
    """Probabilities (n,) of n labels.

    Raises:
        ValueError: they are none.
    """
    found = np.asarray(probabilities, np.float64)
    if found.shape != (len(labels),) or not len(labels) or not ((found >= 0) & (found <= 1)).all():
        raise ValueError(f"{found.shape[0]} probabilities of {len(labels)} labels")
    return found


class Answers:
    """Collects what is told of a person while the robot stands. Not for several threads at once."""

    def __init__(self) -> None:
        self._told: deque[Told] = deque(maxlen=MOST)

    def clear(self) -> None:
        """Forget all."""
        self._told.clear()

    def add(self, told: Told) -> None:
        """Take note of what an image tells."""
        if not self._told or told.stamp > self._told[-1].stamp:
            self._told.append(told)

    def complete(self, wish: Wish) -> bool:
        """True if there are enough, over the time that it takes."""
        return len(self._told) >= LEAST and self._told[-1].stamp - self._told[0].stamp >= wish.seconds

    def answer(self, wish: Wish, distance: float, pan: float) -> ViewAnswer | None:
        """The answer by the last of them; None when nothing was told.

        Args:
            wish: what is looked for.
            distance: of the person, m.
            pan: see ViewAnswer.
        """
        if not self._told:
            return None
        last = [told for told in self._told if told.stamp >= self._told[-1].stamp - wish.judged]
        label, confidence = _likeliest(last)
        bodies = [told.keypoints for told in last if told.keypoints is not None]
        missing = _of_face(last, confidence)
        if bodies:
            body = np.median(bodies, axis=0)
            if len(wish.topics) == 1:
                return ViewAnswer("", float(body[:, 2].mean()), lacking(body), distance, pan)
            missing = lacking_of_action(body, confidence)
        return ViewAnswer(label, confidence, missing, distance, pan)


def _likeliest(told: Sequence[Told]) -> tuple[str, float]:
    """Label of the largest mean probability, and that; '' and 0 where nothing is told: the action is unknown."""
    known = [(tuple(one.labels), one.probabilities) for one in told if one.probabilities is not None]
    if not known:
        return "", 0.0
    labels = known[-1][0]
    mean = np.mean([probabilities for others, probabilities in known if others == labels], axis=0)
    best = int(np.argmax(mean))
    return labels[best], float(mean[best])


def _of_face(told: Sequence[Told], confidence: float) -> Lacking:
    yaws = [one.yaw for one in told if math.isfinite(one.yaw)]
    return lacking_of_expression(float(np.median(yaws)) if yaws else 0.0, confidence)
