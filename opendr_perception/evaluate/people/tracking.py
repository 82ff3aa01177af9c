"""Persistence of ids: the tracker of the nodes on labelled films, as frames come on a robot.

Frames come at the film's rate, at half of it, with three in ten of them lost at random, and with irregular stamps. All
that come are tracked, and the labelled ones of the part are compared. Measures are those of TrackEval, as
`trackers.eval` has them: CLEAR MOT [Bernardin 2008] and IDF1 [Ristani 2016].
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from trackers.eval import compute_clear_metrics, compute_identity_metrics

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.people.detection import Detector
from opendr_perception.evaluate.people.matching import SAME
from opendr_perception.evaluate.people.sets import LabelledPeople, PeopleSet, people_set
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.nms import Detections, pairwise_iou
from opendr_perception.tasks.people import PersonDetector
from opendr_perception.tasks.people.tracking import PersonTracker, new_ids

Followed = tuple[npt.NDArray[np.float64], list[str]]
"""Boxes (n, 4) and track ids of one frame."""

LOST = 0.3
"""Share of frames."""
LATE = 0.3
"""Of the interval between frames, at most."""


class Course:
    """A way in which the frames of a film come, and what is tracked then.

    Args:
        step: Every n-th frame is used, of those with labels.
        lost: Share of the others that are lost.
        late: A stamp is late by up to this share of the interval.
    """

    def __init__(self, step: int = 1, lost: float = 0.0, late: float = 0.0) -> None:
        self.followed: dict[int, Followed] = {}
        self._step, self._lost, self._late = step, lost, late
        self._rng = np.random.default_rng(0)
        self._tracker = PersonTracker(new_ids())

    def show(self, number: int, labelled: bool, rate: float, found: Detections, image: Image) -> None:
        """Let a frame come, or not."""
        lost, late = self._rng.random() < self._lost, self._late * self._rng.random()
        if labelled or not (lost or number % self._step):
            names = self._tracker.update(found, 1 + (number + late) / rate, image)
            if labelled:
                named = [place for place, name in enumerate(names) if name]
                self.followed[number] = (found.boxes[named].astype(float), [names[place] for place in named])


def courses() -> dict[str, Course]:
    """All of them by name, nothing seen yet."""
    return {
        "every frame": Course(),
        "every other frame": Course(step=2),
        "30 % of frames lost": Course(lost=LOST),
        "irregular stamps": Course(late=LATE),
    }


def evaluate_tracks(dataset: Path, model: Session, part: str) -> Report:
    """Measure detector and tracker, with the settings that nodes have, on a labelled film.

    Args:
        dataset: A film that `people_set` reads.
        model: A person detector.
        part: 'train' for the first third of the labelled frames, 'test' for the others, or 'all'.

    Raises:
        DatasetError: This is no film, or not labelled.
    """
    film = people_set(dataset)
    if not film.rate:
        raise DatasetError(f"{film.name} is no film: tracks need one")
    truth = {number: film.labels[number] for number in film.numbers(part)}
    report = Report(f"tracks: {film.name}, {part}")
    report.count("labelled frames", len(truth))
    report.count("boxes", sum(int((~one.ignored).sum()) for one in truth.values()))
    for name, course in watch(film, PersonDetector(model), max(truth, default=0)).items():
        figures = measure(truth, course.followed)
        for figure in ("MOTA", "IDF1", "precision", "recall"):
            report.add(f"{name}: {figure}", figures[figure])
        report.count(f"{name}: switches", int(figures["switches"]))
    return report


def watch(film: PeopleSet, detector: Detector, last: int) -> dict[str, Course]:
    """Show a film up to its last frame that counts to the detector once, and what it finds to all courses."""
    found = courses()
    for number, image in film.frames():
        if number > last:
            break
        [people] = detector([image])
        for course in found.values():
            course.show(number, number in film.labels, film.rate, people, image)
    return found


def measure(truth: Mapping[int, LabelledPeople], followed: Mapping[int, Followed]) -> dict[str, float]:
    """MOTA, IDF1, switches, precision and recall.

    Args:
        truth: The people of each frame.
        followed: Of the same frames.
    """
    numbers: dict[str, int] = {}
    people, tracks, overlaps = [], [], []
    for frame, one in sorted(truth.items()):
        boxes, names = followed[frame]
        same = pairwise_iou(one.boxes, boxes)
        kept = _not_ignored(same, one.ignored)
        people.append(one.ids[~one.ignored])
        tracks.append(np.array([numbers.setdefault(name, len(numbers)) for name in names], int)[kept])
        overlaps.append(same[~one.ignored][:, kept])
    clear = compute_clear_metrics(people, tracks, overlaps, SAME)
    identity = compute_identity_metrics(people, tracks, overlaps, SAME)
    return {
        "MOTA": clear["MOTA"],
        "IDF1": identity["IDF1"],
        "switches": clear["IDSW"],
        "precision": clear["CLR_Pr"],
        "recall": clear["CLR_Re"],
    }


def _not_ignored(overlaps: npt.NDArray[np.float64], ignored: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Mask (n,) of the tracks that do not belong to somebody who is ignored, by the best assignment of all."""
    kept = np.ones(overlaps.shape[1], bool)
    rows, columns = linear_sum_assignment(np.where(overlaps >= SAME, overlaps, 0), maximize=True)
    kept[columns[ignored[rows] & (overlaps[rows, columns] >= SAME)]] = False
    return kept
