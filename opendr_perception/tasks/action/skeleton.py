"""From the keypoints of one tracked person to the frames that an action network sees.

A camera brings keypoints in pixels, as often as the robot's computer manages. The network wants frames of one rate that
depend neither on the size of the image nor on where in it the person is. `observe` does both, causally:

* **Time.** Frames lie on a grid of RATE and are interpolated between observations. None lies after the newest
  observation, so nothing waits and nothing is extrapolated. All people of a stream share the grid, so that a network
  can take their frames together: the first frame of each is the first observation as it is, at the grid's time before.
* **Size.** A projected bone is at most as long as it is, so the long ones tell how tall the person is, whatever the
  pose: the mean of the three largest estimates, averaged over SIZE_MEMORY. Sitting down or falling hardly changes it.
* **Place.** Keypoints are relative to the centre of the trunk, and to where they usually are. What this takes away
  comes back as *drift*: how far the trunk has moved in the image, forgotten with a time constant of DRIFT_MEMORY.
  Unlike a speed it does not amplify noise. It tells walking from walking on the spot, a jump from a crouch, a fall from
  lying.
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
Mask = npt.NDArray[np.bool_]

VERSION = 1
"""Of the definition of a frame: weights fit one only."""

RATE = 20.0
"""Frames per second."""

MERCY = 1e-6
"""Frames by which one may be early, for rounding."""

CHANNELS, JOINTS = 5, 17

MIN_SCORE = 0.2
"""Keypoint score of MoveNet below which it guesses."""

FADED = MIN_SCORE / 2
"""A joint that is seen on one side of a frame only is missing where its interpolated score is lower."""

SIZE_MEMORY = 3.0  # s
DRIFT_MEMORY = 1.0  # s
FORGETTING = math.exp(-1.0 / (DRIFT_MEMORY * RATE))

LONGEST = 3
"""So many bones tell the size."""

BONES = np.array([(5, 11), (6, 12), (11, 13), (12, 14), (13, 15), (14, 16), (5, 7), (6, 8), (7, 9), (8, 10), (5, 6)])
BONE_LENGTHS = np.array([0.30, 0.30, 0.233, 0.233, 0.233, 0.233, 0.16, 0.16, 0.14, 0.14, 0.19])
"""Of the bones, in body heights: means of 96 bodies of the parametric model anny."""

USUAL_HEIGHTS = np.array([-18, -20, -20, -19, -19, -11, -11, -1, -1, 2, 2, 10, 10, 25, 25, 39, 39]) / 100
"""Average heights of joints, y: zero, which also stands for missing, is nothing special then."""

TRUNK = np.array([5, 6, 11, 12])

MAX_GAP = 5.0
"""Seconds between two observations that are surely not of one action any more."""

FARTHEST = 3.0
"""Body heights at which coordinates end: farther ones are errors."""


@dataclass(frozen=True, eq=False)
class SkeletonState:
    """Normalisation state of one person; a value, never changed.

    Attributes:
        start: Time of the first frame, seconds: that of the first observation, or up to one frame before it.
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


def observe(
    keypoints: npt.ArrayLike, stamp: float, state: SkeletonState | None, origin: float | None = None
) -> tuple[Frames, SkeletonState]:
    """Take the next observation of a person.

    Args:
        keypoints: (17, 3), x, y in pixels and a score in [0, 1], in the order of COCO.
        stamp: Of the observation, seconds.
        state: What the last call returned; None for a new person.
        origin: A time of the grid on which the frames of a new person lie, seconds; None for the stamp.

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
        start = stamp if origin is None else origin + math.floor((stamp - origin) * RATE + MERCY) / RATE
        state = SkeletonState(start, stamp, now, 0, np.zeros((JOINTS, 3)), 0.0, 0, np.zeros(2))
    elif not 0.0 < stamp - state.stamp <= MAX_GAP:
        raise ValueError(f"an observation {stamp - state.stamp:.3f} s after the last one does not continue it")
    due = int((stamp - state.start) * RATE + MERCY) + 1  # frames whose time has come
    if due == state.frames:
        return np.zeros((0, CHANNELS, JOINTS), np.float32), replace(state, stamp=stamp, observed=now)
    times = state.start + np.arange(state.frames, due) / RATE
    weights = np.ones(1) if stamp == state.stamp else np.minimum((times - state.stamp) / (stamp - state.stamp), 1.0)
    points = _between(state.observed, now, weights)
    seen = points[..., 2] > 0
    sizes, measured = _sizes(points, seen, state)
    drift = _drift(points, sizes, state)
    frames = _frames(points, seen, sizes, drift)
    return frames, SkeletonState(state.start, stamp, now, due, points[-1], float(sizes[-1]), measured, drift[-1])


def observe_all(keypoints: npt.ArrayLike, stamps: npt.ArrayLike) -> Frames:
    """The frames that `observe` makes of a whole recording, at once and much faster.

    Args:
        keypoints: (n, 17, 3), as in `observe`, n > 0.
        stamps: (n,) seconds, growing.

    Returns:
        (k, 5, 17) float32.
    """
    at = np.asarray(stamps, np.float64)
    now = _without_missing(keypoints, whole=True)
    begun = SkeletonState(at[0], at[0], now[0], 0, np.zeros((JOINTS, 3)), 0.0, 0, np.zeros(2))
    due = ((at - at[0]) * RATE + MERCY).astype(int) + 1
    number = np.arange(due[-1])
    after = np.searchsorted(due, number, side="right")
    before = np.maximum(after - 1, 0)
    gap = np.where(after > before, at[after] - at[before], 1.0)
    weights = np.where(after > before, np.minimum((at[0] + number / RATE - at[before]) / gap, 1.0), 1.0)
    points = _between(now[before], now[after], weights)
    seen = points[..., 2] > 0
    sizes, _ = _sizes(points, seen, begun)
    return _frames(points, seen, sizes, _drift(points, sizes, begun))


def _without_missing(keypoints: npt.ArrayLike, *, whole: bool = False) -> Floats:
    points = np.array(keypoints, np.float64)
    if points.ndim != 2 + whole or points.shape[-2:] != (JOINTS, 3):
        raise ValueError(f"keypoints are ({JOINTS}, 3): x, y, score; not {points.shape}")
    seen = np.isfinite(points).all(-1) & (np.nan_to_num(points[..., 2]) >= MIN_SCORE)
    points[~seen] = 0.0
    return points


def _between(before: Floats, after: Floats, weights: Floats) -> Floats:
    """Interpolate keypoints (17, 3), or (k, 17, 3), to (k, 17, 3).

    A joint that is seen on one side only stays where it is, while its score fades.
    """
    late = weights[:, None] * (after[..., 2] > 0)
    early = (1.0 - weights)[:, None] * (before[..., 2] > 0)
    total = late + early
    share = (late / np.where(total > 0, total, 1.0))[..., None]
    points = np.where((late > 0)[..., None], share * after, 0.0) + np.where(
        (early > 0)[..., None], (1.0 - share) * before, 0.0
    )
    points[..., 2] = (1.0 - weights)[:, None] * before[..., 2] + weights[:, None] * after[..., 2]
    points[points[..., 2] < FADED] = 0.0
    return points


def _sizes(points: Floats, seen: Mask, state: SkeletonState) -> tuple[Floats, int]:
    """Height of the body in pixels as known in each frame (k,), and in how many frames a bone was seen so far."""
    ends = points[:, BONES, :2]
    lengths = np.sqrt(((ends[:, :, 1] - ends[:, :, 0]) ** 2).sum(-1)) / BONE_LENGTHS
    whole = seen[:, BONES].all(2)
    longest = np.sort(np.where(whole, lengths, 0.0), axis=1)[:, -LONGEST:]
    count = np.minimum(whole.sum(1), LONGEST)
    sizes, size, measured = np.empty(len(points)), state.size, state.measured
    for k, (total, bones) in enumerate(zip(longest.sum(1).tolist(), count.tolist(), strict=True)):
        if bones:
            measured += 1
            size += (total / bones - size) * max(1.0 / measured, 1.0 / (SIZE_MEMORY * RATE))
        sizes[k] = size
    return sizes, measured


def _drift(points: Floats, sizes: Floats, state: SkeletonState) -> Floats:
    """Recent displacement of the trunk, (k, 2), in body heights."""
    trunk = np.concatenate([state.last[None, TRUNK], points[:, TRUNK]])
    both = (trunk[1:, :, 2] > 0) & (trunk[:-1, :, 2] > 0)
    moved = ((trunk[1:, :, :2] - trunk[:-1, :, :2]) * both[..., None]).sum(1)
    scale = (both.sum(1) * sizes)[:, None]
    moved = np.divide(moved, scale, out=np.zeros_like(moved), where=scale > 0)
    drift = np.empty_like(moved)
    last = state.drift
    for k, step in enumerate(moved):
        last = drift[k] = np.clip(last * FORGETTING + step, -FARTHEST, FARTHEST)
    return drift


def _frames(points: Floats, seen: Mask, sizes: Floats, drift: Floats) -> Frames:
    """Put frames (k, 5, 17) together."""
    some = seen & (sizes > 0)[:, None]
    trunk = np.zeros_like(seen)
    trunk[:, TRUNK] = True
    central = np.where((seen & trunk).any(1, keepdims=True), seen & trunk, seen)[..., None]
    centre = (points[..., :2] * central).sum(1) / np.maximum(central.sum(1), 1)
    places = (points[..., :2] - centre[:, None]) / np.maximum(sizes, 1e-9)[:, None, None]
    frames = np.empty((len(points), CHANNELS, JOINTS), np.float32)
    places[..., 1] -= USUAL_HEIGHTS
    frames[:, :2] = (np.clip(places, -FARTHEST, FARTHEST) * some[..., None]).transpose(0, 2, 1)
    frames[:, 2] = points[..., 2] * some
    frames[:, 3:] = drift[:, :, None]
    return frames
