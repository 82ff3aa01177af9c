"""From heatmaps and part affinity fields to people [Cao 2017; Osokin 2018]."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from opendr_perception.tasks.body.layouts import OPENPOSE18

JOINTS = len(OPENPOSE18)
LIMBS = (
    (1, 2, 12), (1, 5, 20), (2, 3, 14), (3, 4, 16), (5, 6, 22), (6, 7, 24), (1, 8, 0), (8, 9, 2), (9, 10, 4),
    (1, 11, 6), (11, 12, 8), (12, 13, 10), (1, 0, 28), (0, 14, 30), (14, 16, 34), (0, 15, 32), (15, 17, 36),
    (2, 16, 18), (5, 17, 26),
)  # fmt: skip
"""Keypoints of each limb in the order in which people are put together, and the channel of its field's x; y follows."""
FILLING = 17
"""From this limb on (shoulder to ear), limbs only complete people."""

MIN_PEAK = 0.1
APART = 6
"""Cells by which two peaks of one keypoint are apart."""
SAMPLES = 10
"""Places along a limb at which the field is looked at."""
MIN_FIELD = 0.05
MIN_PASSED = 0.8
"""Part of the samples that must be along the limb."""
MIN_KEYPOINTS = 3
MIN_SCORE = 0.2
"""Mean of a person's scores per keypoint."""


@dataclass
class _Body:
    """A person who is being put together: the index of each keypoint's peak, -1 where there is none."""

    peaks: np.ndarray
    score: float
    count: int


def find_peaks(heatmap: np.ndarray) -> np.ndarray:
    """The local maxima of a keypoint's heatmap (h, w), as (n, 3) float32: column, row, value; the first of equals."""
    padded = np.pad(np.where(heatmap < MIN_PEAK, 0, heatmap), 1)
    centre = padded[1:-1, 1:-1]
    first = (centre > padded[:-2, 1:-1]) & (centre > padded[1:-1, :-2])
    rows, columns = np.nonzero(first & (centre >= padded[2:, 1:-1]) & (centre >= padded[1:-1, 2:]))
    order = np.argsort(columns, kind="stable")
    places = np.column_stack([columns, rows])[order].astype(np.float32)
    kept: list[int] = []
    for k, place in enumerate(places):
        if not any(np.hypot(*(place - places[other])) < APART for other in kept):
            kept.append(k)
    return np.column_stack([places, heatmap[rows, columns][order]])[kept].astype(np.float32).reshape(-1, 3)


def group(heatmaps: np.ndarray, fields: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put keypoints together to people.

    Args:
        heatmaps: (19, h, w) float32, of the keypoints in the order of openpose18 and of the background.
        fields: (38, h, w) float32.

    Returns:
        Keypoints (n, 18, 3) float32, column and row of the maps (whole numbers are centres of cells) and score, 0 where
        not seen; and a score (n,) float32 in [0, 1] for each person, best first.
    """
    peaks = [find_peaks(heatmaps[joint]) for joint in range(JOINTS)]
    bodies: list[_Body] = []
    for number, (start, end, channel) in enumerate(LIMBS):
        limbs = _connect(peaks[start], peaks[end], fields[channel : channel + 2])
        for a, b, score in limbs:
            _attach(bodies, (start, a), (end, b), score, peaks, number >= FILLING)
        if number < FILLING:
            _add_single(bodies, start, end, peaks)
    bodies = [body for body in bodies if body.count >= MIN_KEYPOINTS and body.score / body.count >= MIN_SCORE]
    bodies.sort(key=lambda body: -body.score / body.count)
    keypoints = np.zeros((len(bodies), JOINTS, 3), np.float32)
    for person, body in zip(keypoints, bodies, strict=True):
        for joint in np.flatnonzero(body.peaks >= 0):
            person[joint] = peaks[joint][body.peaks[joint]]
    keypoints[..., 2] = np.clip(keypoints[..., 2], 0, 1)
    # A keypoint and its limb add up to 1 each at best, so half of their mean is in [0, 1].
    scores = np.array([body.score / body.count / 2 for body in bodies], np.float32)
    return keypoints, np.clip(scores, 0, 1)


def enlarge(maps: np.ndarray, factor: int) -> np.ndarray:
    """Maps (C, h, w), so many times as large in each direction, by bicubic interpolation."""
    size = (maps.shape[2] * factor, maps.shape[1] * factor)
    return np.stack([cv2.resize(each, size, interpolation=cv2.INTER_CUBIC) for each in maps])


def _connect(starts: np.ndarray, ends: np.ndarray, field: np.ndarray) -> list[tuple[int, int, float]]:
    """Limbs between peaks (n, 3) and (m, 3) that the field (2, h, w) supports: their indices and scores, one to one."""
    if not len(starts) or not len(ends):
        return []
    ways = ends[None, :, :2] - starts[:, None, :2]
    lengths = np.linalg.norm(ways, axis=-1)
    along = ways / np.maximum(lengths, 1e-9)[..., None]
    steps = np.linspace(0, 1, SAMPLES)[:, None]
    places = np.rint(starts[:, None, None, :2] + ways[:, :, None] * steps).astype(int)
    values = field[:, places[..., 1], places[..., 0]]  # (2, n, m, samples)
    agreement = np.einsum("cnms,nmc->nms", values, along)
    passed = agreement > MIN_FIELD
    count = passed.sum(axis=-1)
    scores = (agreement * passed).sum(axis=-1) / np.maximum(count, 1)
    scores = scores + np.minimum(field.shape[1] / (2 * np.maximum(lengths, 1e-9)) - 1, 0)  # long limbs are unlikely
    good = (scores > 0) & (count > MIN_PASSED * SAMPLES) & (lengths > 0)
    chosen: list[tuple[int, int, float]] = []
    rows, columns = np.nonzero(good)
    for k in np.argsort(-scores[rows, columns], kind="stable"):
        a, b = int(rows[k]), int(columns[k])
        if all(a != other[0] and b != other[1] for other in chosen):
            chosen.append((a, b, float(scores[a, b])))
    return chosen


def _attach(
    bodies: list[_Body],
    start: tuple[int, int],
    end: tuple[int, int],
    score: float,
    peaks: list[np.ndarray],
    only_complete: bool,
) -> None:
    """Add a limb to the person who has its start, or to a new one."""
    (first, a), (second, b) = start, end
    owners = [body for body in bodies if body.peaks[first] == a]
    if only_complete:
        for body in bodies:
            if body.peaks[first] == a and body.peaks[second] < 0:
                _add(body, second, b, peaks[second][b, 2] + score)
            elif body.peaks[second] == b and body.peaks[first] < 0:
                _add(body, first, a, peaks[first][a, 2] + score)
    elif owners:
        for body in owners:
            if body.peaks[second] < 0:
                _add(body, second, b, peaks[second][b, 2] + score)
    else:
        body = _Body(np.full(JOINTS, -1), 0.0, 0)
        _add(body, first, a, peaks[first][a, 2])
        _add(body, second, b, peaks[second][b, 2] + score)
        bodies.append(body)


def _add(body: _Body, joint: int, peak: int, score: float) -> None:
    body.peaks[joint] = peak
    body.score += float(score)
    body.count += 1


def _add_single(bodies: list[_Body], start: int, end: int, peaks: list[np.ndarray]) -> None:
    """Add single ends: where only one end of a limb was seen, begin a person with each who has none yet."""
    for joint, other in ((start, end), (end, start)):
        if len(peaks[other]):
            continue
        for index, peak in enumerate(peaks[joint]):
            if not any(body.peaks[joint] == index for body in bodies):
                body = _Body(np.full(JOINTS, -1), 0.0, 0)
                _add(body, joint, index, peak[2])
                bodies.append(body)
