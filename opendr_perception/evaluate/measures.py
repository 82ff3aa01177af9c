"""Measures that several capabilities share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

DRAWS = 1000
BINS = 10


def by_subject(values: np.ndarray, subjects: npt.NDArray[np.str_]) -> tuple[float, tuple[float, float]]:
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


def over_seeds(values: npt.ArrayLike, chance: float = 0.05) -> tuple[float, float]:
    """The mean of values of several seeds, and the half width of its interval of Student's t.

    Args:
        values: (n,) of n > 1 seeds; differences of pairs, where two are compared seed by seed.
        chance: that the true mean is outside of the interval.
    """
    from scipy.stats import t as student  # slow to import, and no command of a node needs it

    array = np.asarray(values, np.float64)
    reach = student.ppf(1 - chance / 2, len(array) - 1) * array.std(ddof=1) / len(array) ** 0.5
    return float(array.mean()), float(reach)


def mean_by_class(
    values: np.ndarray, classes: npt.NDArray[np.int64], subjects: npt.NDArray[np.str_]
) -> tuple[float, tuple[float, float]]:
    """The mean over classes of the mean of their values, and its 95 % interval by a bootstrap over subjects.

    Args:
        values: (n,) numbers or booleans.
        classes: (n,), what each is about; a class that a draw lacks is left out of it.
        subjects: (n,), whose they are.
    """
    names, place = np.unique(subjects, return_inverse=True)
    kinds, kind = np.unique(classes, return_inverse=True)
    sums, counts = np.zeros((2, len(names), len(kinds)))
    np.add.at(sums, (place, kind), np.asarray(values, np.float64))
    np.add.at(counts, (place, kind), 1)
    rng, means = np.random.default_rng(0), []
    for _ in range(DRAWS):
        drawn = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        there = drawn @ counts
        means.append(((drawn @ sums)[there > 0] / there[there > 0]).mean())
    low, high = np.percentile(means, [2.5, 97.5])
    return float((sums.sum(0) / counts.sum(0)).mean()), (float(low), float(high))


def reliability(confidences: npt.ArrayLike, right: npt.ArrayLike) -> list[tuple[int, float, float]]:
    """Of each of ten equal bins that is not empty: answers, their mean confidence, and the share that is right."""
    sure, hit = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    return [
        (int(here.sum()), float(sure[here].mean()), float(hit[here].mean()))
        for here in (bins == place for place in range(BINS))
        if here.any()
    ]


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


def roc(scores: npt.ArrayLike, positive: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The ROC curve: of each threshold, the largest first, the share of negatives that reach it and that of positives.

    Both begin with 0 and end with 1; scores that are equal are one step.
    """
    values, chosen = np.asarray(scores, np.float64), np.asarray(positive, bool)
    order = np.argsort(-values, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(values[order])), len(values) - 1)
    shares = [np.cumsum(kind[order])[ends] / max(1, kind.sum()) for kind in (~chosen, chosen)]
    false, true = (np.concatenate([[0.0], share]) for share in shares)
    return false, true


def average_precision(scores: npt.ArrayLike, positive: npt.ArrayLike) -> float:
    """Area under the curve of precision against recall, by steps and without interpolation; equal scores come together.

    This is the per-frame measure of online action detection [De Geest 2016], and scikit-learn's of the same name.

    Raises:
        ValueError: There are no positives.
    """
    values, chosen = np.asarray(scores, np.float64), np.asarray(positive, bool)
    if not chosen.any():
        raise ValueError("average precision needs a positive")
    order = np.argsort(-values, kind="stable")
    hits = np.cumsum(chosen[order])
    ends = np.append(np.flatnonzero(np.diff(values[order])), len(values) - 1)  # the last of each group of equal scores
    recalls, precisions = hits[ends] / hits[-1], hits[ends] / (ends + 1)
    return float((np.diff(recalls, prepend=0.0) * precisions).sum())


def calibration_error(confidences: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Expected calibration error with ten equal bins [Guo 2017]: mean |accuracy - confidence|."""
    sure, hit = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = np.abs(np.bincount(bins, hit - sure, minlength=BINS))
    return float(gaps.sum() / len(sure))
