"""Measures that several capabilities share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

DRAWS = 1000
BINS = 10


def by_subject(values: npt.NDArray[np.generic], subjects: npt.NDArray[np.str_]) -> tuple[float, tuple[float, float]]:
    """The mean of values, and its 95 % interval by a bootstrap over subjects.

    Args:
        values: (n,) numbers or booleans.
        subjects: (n,), whose they are.

    Returns:
        NaN where there are no values.
    """
    if not len(values):
        return float("nan"), (float("nan"), float("nan"))
    values = np.asarray(values, np.float64)
    names, place = np.unique(subjects, return_inverse=True)
    sums, counts = np.bincount(place, values), np.bincount(place)
    drawn = np.random.default_rng(0).integers(len(names), size=(DRAWS, len(names)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(values.mean()), (float(low), float(high))


def auroc(scores: npt.ArrayLike, positive: npt.ArrayLike) -> float:
    """Share of pairs in which a positive scores more than a negative, ties half: the area under the ROC curve [Mann,
    Whitney 1947].

    Raises:
        ValueError: There are no positives, or no negatives.
    """
    values, chosen = np.asarray(scores, np.float64), np.asarray(positive, bool)
    high, low = values[chosen], np.sort(values[~chosen])
    if not len(high) or not len(low):
        raise ValueError("a ROC curve needs positives and negatives")
    below = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
    return float(below.mean() / 2 / len(low))


def calibration_error(confidences: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Expected calibration error with ten equal bins [Guo 2017]: mean |accuracy - confidence|."""
    sure, hit = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = np.abs(np.bincount(bins, hit - sure, minlength=BINS))
    return float(gaps.sum() / len(sure))
