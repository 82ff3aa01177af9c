"""Matching of detections by COCO's rules (pycocotools), and the figures that follow from it."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opendr_perception.evaluate.people.sets import LabelledPeople
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.tasks.nms import Detections

Floats = npt.NDArray[np.float64]
Interval = tuple[float, float]

SAME = 0.5
"""Intersection over union from which a box stands for a person."""
DRAWS = 1000
RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True, eq=False)
class Matched:
    """The detections of one image, without those of ignored people.

    Attributes:
        scores: (n,)
        hits: (n,) Whether each found somebody whom no better one has found.
        people: How many there are.
    """

    scores: Floats
    hits: npt.NDArray[np.bool_]
    people: int


def match(truth: Sequence[LabelledPeople], found: Sequence[Detections]) -> list[Matched]:
    """Match the detections of images with the people in them.

    Raises:
        DatasetError: pycocotools is missing.
    """
    if importlib.util.find_spec("pycocotools") is None:
        raise DatasetError("pycocotools is missing: pip install 'opendr_perception[evaluate]'")
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        labelled, proposed = COCO(), COCO()
        labelled.dataset, proposed.dataset = _dataset(truth), _dataset(found)
        labelled.createIndex()
        proposed.createIndex()
        judge = COCOeval(labelled, proposed, "bbox")
        judge.params.iouThrs, judge.params.areaRng, judge.params.maxDets = np.array([SAME]), [[0, 1e10]], [1000]
        judge.evaluate()
    return [_matched(image) for image in judge.evalImgs]


def _dataset(images: Sequence[LabelledPeople] | Sequence[Detections]) -> dict[str, list[dict[str, object]]]:
    """Boxes as COCO writes them down."""
    annotations: list[dict[str, object]] = []
    each: Sequence[LabelledPeople | Detections] = images
    for number, one in enumerate(each, start=1):
        sides = one.boxes[:, 2:] - one.boxes[:, :2]
        for k, (corner, side) in enumerate(zip(one.boxes[:, :2].tolist(), sides.tolist(), strict=True)):
            row = {"id": len(annotations) + 1, "image_id": number, "category_id": 1, "bbox": corner + side}
            if isinstance(
                one, LabelledPeople
            ):  # COCO ignores what has an area outside the range, and overrides `ignore`
                row |= {"area": -1.0 if one.ignored[k] else side[0] * side[1], "iscrowd": 0}
            else:
                row |= {"area": side[0] * side[1], "score": float(one.scores[k])}
            annotations.append(row)
    numbers: list[dict[str, object]] = [{"id": number} for number in range(1, len(images) + 1)]
    return {"images": numbers, "annotations": annotations, "categories": [{"id": 1, "name": "person"}]}


def _matched(image: dict[str, np.ndarray] | None) -> Matched:
    if image is None:  # neither people nor detections
        return Matched(np.empty(0), np.empty(0, bool), 0)
    kept = ~np.asarray(image["dtIgnore"][0], bool)
    hits = np.asarray(image["dtMatches"][0])[kept] > 0
    return Matched(
        np.asarray(image["dtScores"], np.float64)[kept], hits, int((~np.asarray(image["gtIgnore"], bool)).sum())
    )


def average_precision(matched: Sequence[Matched]) -> float:
    """Mean precision over 101 recalls, as COCO defines it."""
    scores = np.concatenate([one.scores for one in matched])
    hits = np.concatenate([one.hits for one in matched])[np.argsort(-scores, kind="mergesort")].cumsum()
    precision = np.maximum.accumulate((hits / np.arange(1, len(hits) + 1))[::-1])[::-1]
    recall = hits / max(1, sum(one.people for one in matched))
    return float(np.append(precision, 0.0)[np.searchsorted(recall, RECALLS)].mean())


def precision_recall(matched: Sequence[Matched], threshold: float) -> tuple[float, float]:
    """Precision and recall of the detections that score more."""
    right = sum(int(one.hits[one.scores > threshold].sum()) for one in matched)
    said = sum(int((one.scores > threshold).sum()) for one in matched)
    return right / max(1, said), right / max(1, sum(one.people for one in matched))


def bootstrap(measure: Callable[[Sequence[Matched]], float], matched: Sequence[Matched]) -> Interval:
    """The 95 % interval of a measure, by drawing images anew."""
    drawn = np.random.default_rng(0).integers(len(matched), size=(DRAWS, len(matched)))
    values = [measure([matched[k] for k in row]) for row in drawn]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
