"""Figures of detections, against pycocotools as a whole and by hand."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest

pytest.importorskip("pycocotools", reason="pycocotools is missing: pip install 'opendr_perception[evaluate]'")

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from opendr_perception.evaluate.people.detection import recall_at
from opendr_perception.evaluate.people.matching import _dataset, average_precision, bootstrap, match, precision_recall
from opendr_perception.evaluate.people.sets import LabelledPeople
from opendr_perception.tasks.nms.candidates import Detections

A, B, FAR = (0, 0, 10, 20), (30, 0, 40, 20), (80, 0, 90, 20)


def people(*boxes: tuple[float, ...], ignored: tuple[int, ...] = ()) -> LabelledPeople:
    flags = np.isin(np.arange(len(boxes)), ignored)
    return LabelledPeople(np.array(boxes, float).reshape(-1, 4), np.arange(len(boxes)), flags)


def found(*rows: tuple[tuple[float, ...], float]) -> Detections:
    boxes = np.array([box for box, _ in rows], np.float32).reshape(-1, 4)
    return Detections(boxes, np.array([score for _, score in rows], np.float32))


def test_the_second_box_of_a_person_is_wrong() -> None:
    matched = match([people(A, B)], [found((A, 0.9), ((1, 0, 11, 20), 0.8), (B, 0.7))])
    assert matched[0].hits.tolist() == [True, False, True]
    assert precision_recall(matched, 0.5) == pytest.approx((2 / 3, 1.0))
    assert precision_recall(matched, 0.85) == pytest.approx((1.0, 0.5))
    assert recall_at(matched, 0.9) == 0.5 and recall_at(matched, 0.6) == 1.0


def test_who_is_ignored_is_neither_missed_nor_wrong() -> None:
    truth = [people(A, FAR, ignored=(1,))] * 2
    matched = match(truth, [found((A, 0.9), (FAR, 0.8)), found((A, 0.9))])
    assert [one.people for one in matched] == [1, 1]
    assert average_precision(matched) == 1.0
    assert precision_recall(matched, 0.5) == (1.0, 1.0)


def test_images_without_people_or_detections_count() -> None:
    matched = match([people(), people(A), people()], [found((B, 0.9)), found(), found()])
    assert [one.people for one in matched] == [0, 1, 0]
    assert precision_recall(matched, 0.5) == (0.0, 0.0)


def test_average_precision_is_that_of_pycocotools() -> None:
    rng = np.random.default_rng(3)
    truth, detections = [], []
    for _ in range(12):
        corners = rng.uniform(0, 300, (5, 2))
        boxes = np.hstack([corners, corners + rng.uniform(20, 90, (5, 2))])
        truth.append(people(*map(tuple, boxes.tolist())))
        moved = np.vstack([boxes + rng.normal(0, 6, boxes.shape), boxes[:2] + 60]).astype(np.float32)
        detections.append(Detections(moved, rng.uniform(0, 1, len(moved)).astype(np.float32)))
    with contextlib.redirect_stdout(io.StringIO()):
        labelled, proposed = COCO(), COCO()
        labelled.dataset, proposed.dataset = _dataset(truth), _dataset(detections)
        labelled.createIndex()
        proposed.createIndex()
        judge = COCOeval(labelled, proposed, "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    matched = match(truth, detections)
    value = average_precision(matched)
    assert value == pytest.approx(judge.stats[1], abs=1e-6)
    low, high = bootstrap(average_precision, matched)
    assert low < value < high
