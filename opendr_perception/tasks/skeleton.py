"""From the keypoints of one tracked person to the frames that an action network sees.

A camera brings keypoints in pixels, as often as the robot's computer manages. The network wants frames of one rate that
depend neither on the size of the picture nor on where in it the person is. `observe` does both, causally:

* **Time.** Frames lie on a grid of RATE that begins with the first observation, and are interpolated between
  observations. None lies after the newest observation, so nothing waits and nothing is extrapolated.
* **Size.** A projected bone is at most as long as it is, so the long ones tell how tall the person is, whatever the
  pose: the mean of the three largest estimates, averaged over SIZE_MEMORY. Sitting down or falling hardly changes it.
* **Place.** Keypoints are relative to the centre of the trunk. What this takes away comes back as *drift*: how far the
  trunk has moved in the picture, forgotten with a time constant of DRIFT_MEMORY. Unlike a speed it does not amplify
  noise. It tells walking from walking on the spot, a jump from a crouch, a fall from lying.
* **Missing joints**, with a score below MIN_SCORE or not finite, are zero in x, y and score.

A frame is (5, 17): x, y, score, drift x, drift y of each joint; lengths in body heights, x right, y down. A frame in
which nothing is seen is zero but for the drift. A network begins with frames of zeros: nothing known, instead of an
invented history.

    state = None
    for keypoints, stamp in observations:
        frames, state = observe(keypoints, stamp, state)  # (k, 5, 17): the network makes a step with each
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Frames = npt.NDArray[np.float32]

VERSION = 1
"""Of the definition of a frame: weights fit one only."""

RATE = 20.0
"""Frames per second."""

CHANNELS, JOINTS = 5, 17

MIN_SCORE = 0.2
"""Where MoveNet scores less it guesses."""

SIZE_MEMORY = 3.0  # s
DRIFT_MEMORY = 1.0  # s

BONES = np.array([(5, 11), (6, 12), (11, 13), (12, 14), (13, 15), (14, 16), (5, 7), (6, 8), (7, 9), (8, 10), (5, 6)])
BONE_LENGTHS = np.array([0.30, 0.30, 0.25, 0.25, 0.24, 0.24, 0.17, 0.17, 0.155, 0.155, 0.21])
"""Of the bones, in body heights."""

TRUNK = np.array([5, 6, 11, 12])

MAX_GAP = 5.0
"""Seconds between two observations that are surely not of one action any more."""

FARTHEST = 3.0
"""Body heights at which coordinates end: farther ones are errors."""


@dataclass(frozen=True, eq=False)
class SkeletonState:
    """What is remembered of one person; a value, never changed.

    Attributes:
        start: Stamp of the first observation, seconds.
        stamp: Stamp of the last one.
        observed: (17, 3), keypoints of the last observation, score 0 where missing.
        frames: Number of frames so far.
        last: (17, 3), keypoints of the last frame.
        size: Body height in pixels; 0 while no bone was seen.
        measured: Number of frames in which a bone was seen.
        drift: (2,), in body heights.
    """

    start: float
    stamp: float
    observed: Floats
    frames: int
    last: Floats
    size: float
    measured: int
    drift: Floats


def observe(keypoints: npt.ArrayLike, stamp: float, state: SkeletonState | None) -> tuple[Frames, SkeletonState]:
    """Take the next observation of a person.

    Args:
        keypoints: (17, 3), x, y in pixels and a score in [0, 1], in the order of COCO.
        stamp: Of the observation, seconds.
        state: What the last call returned; None for a new person.

    Returns:
        (k, 5, 17) float32, the frames since the last observation, oldest first; none if observations come faster than
        RATE. And the new state.

    Raises:
        ValueError: The shape is wrong, or the stamp does not follow the last one within MAX_GAP. Begin anew with None.
    """
    now = _without_missing(keypoints)
    if not math.isfinite(stamp):
        raise ValueError(f"the stamp must be finite, not {stamp}")
    if state is None:
        state = SkeletonState(stamp, stamp, now, 0, np.zeros((JOINTS, 3)), 0.0, 0, np.zeros(2))
    elif not 0.0 < stamp - state.stamp <= MAX_GAP:
        raise ValueError(f"an observation {stamp - state.stamp:.3f} s after the last one does not continue it")
    due = int((stamp - state.start) * RATE + 1e-6) + 1  # frames whose time has come, with some mercy for rounding
    span = stamp - state.stamp
    frames = np.zeros((due - state.frames, CHANNELS, JOINTS), np.float32)
    before = state.observed
    for k in range(len(frames)):
        time = state.start + state.frames / RATE
        weight = min(1.0, (time - state.stamp) / span) if span > 0.0 else 1.0
        frames[k], state = _advance(_between(before, now, weight), state)
    return frames, replace(state, stamp=stamp, observed=now)


def _without_missing(keypoints: npt.ArrayLike) -> Floats:
    points = np.array(keypoints, np.float64)
    if points.shape != (JOINTS, 3):
        raise ValueError(f"keypoints are ({JOINTS}, 3): x, y, score; not {points.shape}")
    seen = np.isfinite(points).all(1) & (np.nan_to_num(points[:, 2]) >= MIN_SCORE)
    points[~seen] = 0.0
    return points


def _between(before: Floats, after: Floats, weight: float) -> Floats:
    """Interpolate; a joint that is seen on one side only stays where it is, and its score fades."""
    weights = np.stack([(1.0 - weight) * (before[:, 2] > 0), weight * (after[:, 2] > 0)])
    total = weights.sum(0)
    weights = weights / np.where(total > 0, total, 1.0)
    points = weights[0, :, None] * before + weights[1, :, None] * after
    points[:, 2] = (1.0 - weight) * before[:, 2] + weight * after[:, 2]
    return points


def _advance(points: Floats, state: SkeletonState) -> tuple[Frames, SkeletonState]:
    """Normalise the keypoints (17, 3) of one frame."""
    seen = points[:, 2] > 0
    size, measured = state.size, state.measured
    if estimate := _body_height(points, seen):
        measured += 1
        size += (estimate - size) * max(1.0 / measured, 1.0 / (SIZE_MEMORY * RATE))
    drift = state.drift * math.exp(-1.0 / (DRIFT_MEMORY * RATE))
    both = TRUNK[seen[TRUNK] & (state.last[TRUNK, 2] > 0)]
    if size and len(both):
        drift = np.clip(drift + (points[both, :2] - state.last[both, :2]).mean(0) / size, -FARTHEST, FARTHEST)
    frame = np.zeros((CHANNELS, JOINTS), np.float32)
    if size and seen.any():
        trunk = TRUNK[seen[TRUNK]]
        centre = points[trunk if len(trunk) else seen, :2].mean(0)
        frame[:2] = np.clip((points[:, :2] - centre) / size, -FARTHEST, FARTHEST).T * seen
        frame[2] = points[:, 2]
    frame[3:] = drift[:, None]
    state = replace(state, frames=state.frames + 1, last=points, size=size, measured=measured, drift=drift)
    return frame, state


def _body_height(points: Floats, seen: npt.NDArray[np.bool_]) -> float:
    """Estimate the height of the body in pixels; 0 if no bone is seen."""
    whole = seen[BONES].all(1)
    ends = points[BONES[whole], :2]
    estimates = np.sort(np.hypot(*(ends[:, 1] - ends[:, 0]).T) / BONE_LENGTHS[whole])
    return float(estimates[-3:].mean()) if len(estimates) else 0.0
