"""Observations and moves in a mirror: what is learned on one side holds on the other."""

from __future__ import annotations

import numpy as np

from opendr_perception.active.policies import LANDMARKS, NUMBERS

MIRRORED_OPTIONS = np.array([0, 2, 1, 4, 3, 5, 6])
"""Index in `active.policies.reinforcement.OPTIONS` of each option's mirror image."""

_LEFT, _RIGHT = (LANDMARKS + NUMBERS.index(f"pan to {side}most") for side in ("left", "right"))
_SIDED = [_LEFT, _RIGHT, *(LANDMARKS + NUMBERS.index(name) for name in ("pan to best", "pan", "turned"))]


def mirror(observation: np.ndarray) -> np.ndarray:
    """An observation (31,) in a mirror."""
    mirrored = observation.copy()
    mirrored[:LANDMARKS:2] *= -1
    mirrored[_SIDED] *= -1
    mirrored[[0, 1, 2, 3]] = mirrored[[2, 3, 0, 1]]  # the eyes
    mirrored[[8, 9, 10, 11]] = mirrored[[10, 11, 8, 9]]  # the ears
    mirrored[[_LEFT, _RIGHT]] = mirrored[[_RIGHT, _LEFT]]
    return mirrored
