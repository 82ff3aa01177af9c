"""Accuracy of body keypoints: who is found, and how near the keypoints are to where people have labelled them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.evaluate.body.sets import LabelledBodies, labelled_bodies
from opendr_perception.evaluate.measures import by_subject
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.tasks import body
from opendr_perception.tasks.body.calibration import ScoreCurves, curves_of
from opendr_perception.tasks.imaging import BadImageFile, read_image

Floats = npt.NDArray[np.float64]

SPREAD = 2 * np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1000
"""Of what people label, as a part of the root of a person's area: twice the sigmas of COCO's OKS."""
FOUND = 0.5
"""OKS from which on a person is found."""
NOBODY = 0.1
"""OKS below which an answer is nobody."""
NEAR = 0.1
"""Of the longer side of the box: a keypoint as near is right (PCK)."""
MIDDLING = 0.4, 0.6
"""Scores that should be right half of the time."""


@dataclass(frozen=True, eq=False)
class JudgedImage:
    """Findings in an image, beside its labels.

    Attributes:
        similarities: (n,) OKS of each labelled person with who was found for them, 0 where nobody was.
        right: For each labelled keypoint of the image, whether it was found near its place.
        scores: Of these keypoints; 0 of people who were not found.
        given: (k, 3) keypoints of all answers that can be judged: joint, score, and 1 for right or 0. Of an answer that
            is a labelled person these are the labelled ones; one that is nobody is wrong with all.
        answers: People who were given.
        time: Seconds of processor time.
    """

    similarities: Floats
    right: npt.NDArray[np.bool_]
    scores: Floats
    given: Floats
    answers: int
    time: float

    @property
    def found(self) -> npt.NDArray[np.bool_]:
        """(n,) True for each person who was found."""
        return self.similarities >= FOUND


def evaluate_poses(dataset: Path, model: Session, part: str) -> Report:
    """Measure `pose_estimation` with its default settings, people found by itself.

    Args:
        dataset: A set that `labelled_bodies` reads.
        model: A pose network, top-down or bottom-up.
        part: Sets are not split: 'test' and 'all' are everything.

    Raises:
        DatasetError: The data cannot be used, or another part is wanted.
    """
    if part not in ("test", "all"):
        raise DatasetError(f"{dataset.name} is not split: there is no part '{part}'")
    images = labelled_bodies(dataset)
    perceiver = body.build(body.Settings(tracking=False), partial(_session, model))
    judged = [judge(labels, perceiver) for labels in images]
    report = Report(f"poses: {dataset.stem}, {part}")
    report.count("images", len(images))
    report.count("people", sum(len(one.similarities) for one in judged))
    names = [str(labels.image) for labels in images]
    for name, values in (
        ("people found", [one.found for one in judged]),
        ("mean OKS", [one.similarities for one in judged]),
        ("keypoints within 1/10 of the box", [one.right for one in judged]),
    ):
        report.add(name, *by_subject(np.concatenate(values), np.repeat(names, [len(each) for each in values])))
    scores, right = (np.concatenate([getattr(one, name) for one in judged]) for name in ("scores", "right"))
    report.answers = scores[scores > 0], right[scores > 0]
    _add_scores(report, np.concatenate([one.given for one in judged]), curves_of(model.path.stem))
    report.add("answers that are somebody", _share(judged))
    report.add("time of an image", 1000 * float(np.median([one.time for one in judged])), unit="ms")
    return report


def _add_scores(report: Report, given: Floats, curves: ScoreCurves | None) -> None:
    """Add how often keypoints of middling scores are right, by scores of the network and by `calibrated_scores`.

    Args:
        report: Gets the figures.
        given: (k, 3), see `JudgedImage.given`.
        curves: Of the network, if there are some.
    """
    joints, scores, right = given[:, 0].astype(int), given[:, 1], given[:, 2]
    kinds = {"": scores}
    if curves is not None:
        rows = np.zeros((len(scores), len(curves.curves)))
        rows[np.arange(len(scores)), joints] = scores
        kinds[", calibrated"] = curves(rows)[np.arange(len(scores)), joints]
    for kind, sure in kinds.items():
        middling = (sure >= MIDDLING[0]) & (sure < MIDDLING[1])
        report.count(f"keypoints scored {MIDDLING[0]} to {MIDDLING[1]}{kind}", int(middling.sum()))
        share = float(right[middling].mean()) if middling.any() else float("nan")
        report.add(f"right of those scored {MIDDLING[0]} to {MIDDLING[1]}{kind}", share)


def judge(labels: LabelledBodies, perceiver: body.PosePerceiver) -> JudgedImage:
    """Look at an image, and give each labelled person at most one of those who were found, so that OKS is largest."""
    try:
        image = read_image(labels.image)
    except BadImageFile as error:
        raise DatasetError(str(error)) from error
    begin = process_time()
    poses = perceiver(image)
    spent = process_time() - begin
    found, sure = poses.keypoints[..., :2].astype(np.float64), poses.keypoints[..., 2].astype(np.float64)
    alike = similarity(labels.keypoints, labels.areas, found)
    similarities, points = np.zeros(len(alike)), np.full_like(labels.keypoints, np.inf)
    scores = np.zeros(labels.keypoints.shape[:2])
    whose = np.full(len(poses), -1)
    for who, answer in zip(*linear_sum_assignment(-alike), strict=True):
        similarities[who], points[who], scores[who] = alike[who, answer], found[answer], sure[answer]
        whose[answer] = who if alike[who, answer] >= NOBODY else -1
    labelled = np.asarray(np.isfinite(labels.keypoints).all(axis=-1))
    longest = (labels.boxes[:, 2:] - labels.boxes[:, :2]).max(axis=1)
    with np.errstate(invalid="ignore"):
        distances: Floats = np.linalg.norm(points - labels.keypoints, axis=-1)
        near: npt.NDArray[np.bool_] = distances <= NEAR * longest[:, None]
    somebody = whose[:, None] >= 0
    known, right = ~somebody | labelled[whose], somebody & near[whose]
    given = np.column_stack([np.nonzero(known)[1], sure[known], right[known]])
    return JudgedImage(similarities, near[labelled], scores[labelled], given, len(poses), spent)


def similarity(truth: Floats, areas: Floats, found: Floats) -> Floats:
    """Object keypoint similarity (n, m) of labelled and found people [COCO]: mean over the keypoints that are labelled.

    Args:
        truth: (n, 17, 2), NaN where not labelled.
        areas: (n,) of the labelled people.
        found: (m, 17, 2).
    """
    squares = ((truth[:, None] - found[None]) ** 2).sum(axis=-1)
    likeness = np.exp(-squares / (2 * areas[:, None, None] * SPREAD**2))
    labelled = np.isfinite(truth[..., 0])[:, None]
    return np.asarray(np.where(labelled, likeness, 0).sum(axis=-1) / np.maximum(labelled.sum(axis=-1), 1))


def _share(judged: Sequence[JudgedImage]) -> float:
    return sum(int(one.found.sum()) for one in judged) / max(1, sum(one.answers for one in judged))


def _session(model: Session, name: str, *, device: str = "cpu", threads: int = 0) -> Session:
    """The model that is measured for the default one, and whatever else is needed."""
    return model if name == body.Settings().model else zoo.session(name, device=device, threads=threads)
