"""Losses that networks of expressions and of affect are trained with."""

from __future__ import annotations

import torch
from torch import Tensor

GAMMA = 10.0
"""Of the Gaussian kernel. The paper leaves it open; this is the value of its published code."""

EPSILON = 1e-8
"""Keeps the concordance of constant values finite."""


def similarity(descriptors: Tensor, gamma: float = GAMMA) -> Tensor:
    """Mean similarity of L learners over a batch [Heidari 2022, eq. 1].

    With the default gamma, descriptors of many numbers or of unbounded ones are all infinitely far from each other and
    get no gradient: scale them so that squared distances are about 0.1.

    Args:
        descriptors: (L, N, ...) of N examples.
        gamma: Of the kernel exp(-gamma d^2).

    Returns:
        (L, L) float64 with ones on the diagonal; positive semi-definite.
    """
    flat = descriptors.flatten(2).double()
    squared = (flat[:, None] - flat[None]).square().sum(-1)
    return torch.exp(-gamma * squared).mean(-1)


def diversity(descriptors: Tensor, gamma: float = GAMMA) -> Tensor:
    """Determinant of the similarity: 0 where two learners coincide, 1 where all differ [Heidari 2022, eq. 2].

    The published code leaves the diagonal zero, with which an odd number of learners is rewarded for being alike. In
    float64, because it is a product of many small numbers.

    Args:
        descriptors: (L, N, ...), see `similarity`.
        gamma: Of the kernel.
    """
    return torch.linalg.det(similarity(descriptors, gamma))


def concordance(predicted: Tensor, true: Tensor) -> Tensor:
    """Concordance correlation coefficient [Lin 1989], with biased estimates throughout.

    Args:
        predicted, true: (n, values).

    Returns:
        (values,) in [-1, 1].
    """
    means = predicted.mean(0), true.mean(0)
    off = predicted - means[0], true - means[1]
    covariance = (off[0] * off[1]).mean(0)
    spread = off[0].square().mean(0) + off[1].square().mean(0) + (means[0] - means[1]).square()
    return 2 * covariance / (spread + EPSILON)


def concordance_loss(predicted: Tensor, true: Tensor) -> Tensor:
    """1 - the mean concordance of all values; over all frames of a batch [Mehta 2023, sec. 4].

    Args:
        predicted, true: (n, values).
    """
    return 1 - concordance(predicted, true).mean()
