"""Recall and precision of the person detector on labelled images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.people.matching import Matched, average_precision, bootstrap, match, precision_recall
from opendr_perception.evaluate.people.sets import PeopleSet, people_set
from opendr_perception.evaluate.report import Report
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people import PersonDetector, TwoSizes

WEAKEST = 0.05
"""Detections below are too bad to count for average precision."""

Detector = Callable[[Sequence[Image]], Sequence[Detections]]


@dataclass(frozen=True)
class Judged:
    """Detections of a set, matched with its labels.

    Attributes:
        matched: Of each image.
        time: Mean time of an image in ms of one thread's work.
    """

    matched: Sequence[Matched]
    time: float


def evaluate_persons(dataset: Path, model: Session, part: str) -> Report:
    """Measure the detector as nodes have it, with both values of their parameter `quality`.

    Args:
        dataset: A set that `people_set` reads.
        model: A person detector.
        part: 'train' for the images on which settings were chosen, 'test' for the others, or 'all'.

    Raises:
        DatasetError: The data cannot be used.
    """
    images = people_set(dataset)
    report = Report(f"persons: {images.name}, {part}")
    detector = PersonDetector(model)
    threshold = detector.score_threshold
    detector.score_threshold = WEAKEST
    for quality, way in (("standard", detector), ("high", TwoSizes(detector))):
        judged = judge(images, part, way)
        if quality == "standard":
            report.count("images", len(judged.matched))
            report.count("people", sum(one.people for one in judged.matched))
            scores, hits = (
                np.concatenate([getattr(one, name) for one in judged.matched]) for name in ("scores", "hits")
            )
            report.answers = scores, hits
        add(report, quality, judged, threshold)
    return report


def judge(images: PeopleSet, part: str, detector: Detector) -> Judged:
    """Let a detector find the people of a part of a set."""
    wanted = set(images.numbers(part))
    truth, found, spent = [], [], 0.0
    for number, image in images.frames():
        if number in wanted:
            begin = process_time()
            [people] = detector([image])
            spent += process_time() - begin
            truth.append(images.labels[number])
            found.append(people)
    return Judged(match(truth, found), 1000 * spent / max(1, len(found)))


def add(report: Report, name: str, judged: Judged, threshold: float) -> None:
    """Add the figures of a detector: its average precision, and how it does at the threshold of nodes."""
    matched = judged.matched
    report.add(f"{name}: AP", average_precision(matched), bootstrap(average_precision, matched))
    for k, measure in enumerate(("precision", "recall")):
        pick = partial(_one_of, threshold, k)
        report.add(f"{name}: {measure} at {threshold}", pick(matched), bootstrap(pick, matched))
    for precision in (0.8, 0.9):
        report.add(f"{name}: recall at precision {precision}", recall_at(matched, precision))
    report.add(f"{name}: time of an image", judged.time, unit="ms")


def _one_of(threshold: float, place: int, matched: Sequence[Matched]) -> float:
    return precision_recall(matched, threshold)[place]


def recall_at(matched: Sequence[Matched], precision: float) -> float:
    """The largest recall of all thresholds that have this precision; 0 where none has it."""
    scores = np.concatenate([one.scores for one in matched])
    order = np.argsort(-scores, kind="stable")
    hits = np.concatenate([one.hits for one in matched])[order].cumsum()
    fine = np.flatnonzero(hits / np.arange(1, len(hits) + 1) >= precision)
    return float(hits[fine[-1]] / max(1, sum(one.people for one in matched))) if len(fine) else 0.0
