"""Falls as key points of MediaPipe: is it said once that somebody falls, and never of daily life?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opendr_perception.arrays import open_arrays
from opendr_perception.evaluate.action.recordings import ActionRecording, recording
from opendr_perception.evaluate.action.streams import alone
from opendr_perception.evaluate.action.watching import watch
from opendr_perception.evaluate.measures import by_subject
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.tasks.action import ActionRecogniser

FALL = "fall"
FILES = ("upfall_mediapipe.npz", "md4fd.npz")
SAID = 0.25
"""Seconds over which answers are averaged; a fall is said if it is the likeliest action at some moment."""

MEDIAPIPE = np.array([0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28])
"""COCO's keypoints among the 33 of MediaPipe."""
UP_FALL_RATE, MD4FD_RATE = 18.0, 25.0
MIXED = 0.75
"""Share of its ways from frame to frame below which another order of frames is the right one."""
SIZE = np.array([640.0, 480.0])
MD4FD = (
    "nose",
    "l_shoulder",
    "r_shoulder",
    "l_hip",
    "r_hip",
    "l_knee",
    "r_knee",
    "l_ankle",
    "r_ankle",
    "l_wrist",
    "r_wrist",
)
COCO_OF = dict(zip(MD4FD, (0, 5, 6, 11, 12, 13, 14, 15, 16, 9, 10), strict=True))


def is_falls(dataset: Path) -> bool:
    """True if this is the folder of falls."""
    return dataset.is_dir() and all((dataset / name).is_file() for name in FILES)


def falls_in(folder: Path) -> Iterator[ActionRecording]:
    """Read both files: clips whose action is a fall, or 'daily'."""
    with open_arrays(folder / FILES[0]) as data:
        for name, places in zip(data["names"], data["xyz"], strict=True):
            points = places[in_time(places[..., :2])][:, MEDIAPIPE, :2].astype(float)
            yield _clip(points * SIZE, (points != 0).any(-1), True, str(name)[:8], UP_FALL_RATE, "up-fall")
    with open_arrays(folder / FILES[1]) as data:
        order = [COCO_OF[str(joint)] for joint in data["joints"]]
        for number, (places, fallen, source) in enumerate(zip(data["xy"], data["fall"], data["source"], strict=True)):
            image, seen = np.zeros((len(places), 17, 2)), np.zeros((len(places), 17), bool)
            image[:, order], seen[:, order] = places.astype(float) * SIZE, (places != 0).any(-1)
            yield _clip(image, seen, bool(fallen), f"{source} {number // 4}", MD4FD_RATE, str(source))


def in_time(places: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    """The order (frames,) in which frames happened: about half of the clips of UP-Fall have them sorted as text.

    Files 0, 1, 10, 100, 101, 11, ... of up to twice as many are put back in the order of their numbers, if people then
    move less by a quarter, from frame to frame.

    Args:
        places: (frames, joints, 2).
    """
    count = len(places)
    orders = [np.argsort(sorted(range(files), key=str)[:count]) for files in range(count, 2 * count)]
    ways = [float(np.abs(np.diff(places[order], axis=0)).sum()) for order in orders]
    best = int(np.argmin(ways))
    as_they_are = float(np.abs(np.diff(places, axis=0)).sum())
    return orders[best] if ways[best] < MIXED * as_they_are else np.arange(count)


def falls_said(dataset: Path, recogniser: ActionRecogniser) -> Report:
    """Count in how many clips it is said that somebody falls."""
    if FALL not in recogniser.labels:
        raise DatasetError(f"the model has no action '{FALL}'")
    clips = [*falls_in(dataset)]
    said = np.array([_is_said(recogniser, clip) for clip in clips])
    report = Report("actions: falls, said once in a clip")
    fallen = np.array([clip.action == FALL for clip in clips])
    subjects = np.array([clip.subject for clip in clips])
    report.count("clips", len(clips))
    report.add("falls that are said", *by_subject(said[fallen], subjects[fallen]))
    report.add("daily clips in which a fall is said", *by_subject(said[~fallen], subjects[~fallen]))
    kinds = np.array([f"{clip.kind}, {clip.action}" for clip in clips])
    report.table(
        "said, by source",
        {f"{k} ({(kinds == k).sum()})": float(said[kinds == k].mean()) for k in np.unique(kinds)},
    )
    return report


def _clip(
    image: npt.NDArray[np.float64], seen: npt.NDArray[np.bool_], fallen: bool, who: str, rate: float, kind: str
) -> ActionRecording:
    action = FALL if fallen else "daily"
    return recording(action, image, seen, subject=who, part="test", rate=rate, kind=kind, trimmed=False)


def _is_said(recogniser: ActionRecogniser, clip: ActionRecording) -> bool:
    (answers,) = watch(recogniser, [alone(clip)])
    width = max(1, round(SAID * clip.rate))
    sums = np.cumsum(np.concatenate([np.zeros((1, answers.shape[1])), answers]), 0)
    means = sums[width:] - sums[:-width]
    return bool((means.argmax(1) == recogniser.labels.index(FALL)).any())
