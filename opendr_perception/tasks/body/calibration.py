"""Scores of keypoints that say how often they are right: one curve for each joint of a network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from opendr_perception.tasks.body.layouts import COCO17

FILE = "score_curves.json"
"""Slope and offset of each joint of each network; `python -m opendr_perception.training.body.calibration` writes it."""
LEAST = 1e-4
"""Scores nearer to 0 or 1 are not told apart."""


@dataclass(frozen=True, eq=False)
class ScoreCurves:
    """A curve for each joint [Platt 1999]: the logit of a score, times a slope, plus an offset.

    Args:
        curves: (K, 2) slopes, which are positive, and offsets.

    Raises:
        ValueError: they are none.
    """

    curves: np.ndarray

    def __post_init__(self) -> None:
        if self.curves.ndim != 2 or self.curves.shape[1] != 2 or not (self.curves[:, 0] > 0).all():
            raise ValueError(f"curves are (K, 2) with positive slopes, got {self.curves.shape}")

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Scores (..., K) as shares of keypoints that are right; 0, which is a keypoint that was not seen, stays 0."""
        slopes, offsets = self.curves.T
        shares = 1 / (1 + np.exp(-(slopes * logit(scores) + offsets)))
        return np.where(scores > 0, shares, 0).astype(scores.dtype)


def logit(scores: np.ndarray) -> np.ndarray:
    """Logarithm of the odds."""
    bounded = np.clip(scores, LEAST, 1 - LEAST)
    return np.asarray(np.log(bounded / (1 - bounded)))


def curves_of(model: str) -> ScoreCurves | None:
    """The curves of a network of the package, by its name; None where none were measured."""
    joints = _shipped().get(model)
    return None if joints is None else ScoreCurves(np.array([joints[joint] for joint in COCO17]))


@cache
def _shipped() -> Mapping[str, Mapping[str, Sequence[float]]]:
    shipped: dict[str, dict[str, list[float]]] = json.loads(
        files("opendr_perception.tasks.body").joinpath(FILE).read_text()
    )
    return shipped
