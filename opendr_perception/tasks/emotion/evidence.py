"""From the expressions of single frames to expressions that belong together: what is fed to a temporal network.

The training of the network uses this file, so that it learns from what it will see. Whoever changes it must raise
VERSION, and train again.
"""

from __future__ import annotations

import numpy as np

VERSION = 1

NOMINAL = 1 / 30
"""Seconds between frames for which the network's clock reads 0."""

LEAST = 1e-3
"""Probabilities below this are not told apart."""


def evidence(probabilities: np.ndarray, interval: np.ndarray) -> np.ndarray:
    """Encode frames for the network.

    Args:
        probabilities: (..., labels) of single frames.
        interval: (...,) seconds since the frame before.

    Returns:
        (..., labels + 1) float32: log-probabilities around 0, and the time that has passed on a logarithmic scale.
    """
    logits = np.log(np.maximum(probabilities, LEAST))
    logits -= logits.mean(-1, keepdims=True)
    clock = np.log2(np.clip(interval, NOMINAL / 8, NOMINAL * 64) / NOMINAL)
    return np.concatenate([logits, clock[..., None]], -1).astype(np.float32) / 3
