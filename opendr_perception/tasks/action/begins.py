"""Answers of models for online detection, which tell what goes on and what has just begun [De Geest 2016; Shou 2018].

Of K labels they have 2 K probabilities: K of actions that go on for some time, then K of those that have just begun.
"""

from __future__ import annotations

import numpy as np

NOT_TOLD = np.zeros(0, np.float32)
"""Probabilities of begins, where a model does not tell any."""


def parted(answer: np.ndarray, labels: int) -> tuple[np.ndarray, np.ndarray]:
    """Part an answer of a model into what is done and what of it has just begun.

    Args:
        answer: (labels,) or (2 labels,), summing to 1.
        labels: their number.

    Returns:
        (labels,) summing to 1, and (labels,) not more than those; or NOT_TOLD.
    """
    if len(answer) == labels:
        return answer, NOT_TOLD
    return answer[:labels] + answer[labels:], answer[labels:]
