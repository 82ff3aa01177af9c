"""Accuracy and calibration of expressions: named against labelled ones, scores against shares of right answers.

Single images, without the temporal network. In an image that is more than a face the largest face is looked at, as
the nodes face_recognition and emotion_recognition find and turn it. Faces that were cut out before are also made
smaller, darker and more blurred, to see whether scores fall as the share of right answers does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.emotion.sets import LabelledFaces, faces_in, find, is_fer2013
from opendr_perception.evaluate.measures import by_subject, calibration_error, mean_by_class
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.evaluate.worsening import Way, blurred, darkened, resized
from opendr_perception.tasks.emotion import ExpressionNet, FaceView, visible
from opendr_perception.tasks.face import FaceDetector, head_poses
from opendr_perception.tasks.imaging import Image, PinholeCamera
from opendr_perception.zoo import store

Floats = npt.NDArray[np.float64]

TOGETHER = 64
"""Faces of a batch."""
WORSENED = 1000
"""Faces that are also made worse, evenly chosen."""
SEED = 3


@dataclass(frozen=True, eq=False)
class JudgedExpressions:
    """Answers about n faces.

    Attributes:
        labels: of the probabilities.
        probabilities: (n, labels) as the node says them, drawn to equal ones by distrust.
        trust: (n,).
        truth: (n,) indices of the labels.
        subjects: (n,) whose faces.
    """

    labels: Sequence[str]
    probabilities: Floats
    trust: Floats
    truth: npt.NDArray[np.int64]
    subjects: npt.NDArray[np.str_]

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        hits: npt.NDArray[np.bool_] = self.probabilities.argmax(1) == self.truth
        return hits


Face = tuple[LabelledFaces, Image, FaceView]


def evaluate_expressions(dataset: Path, model: Session, part: str) -> Report:
    """Measure a network for expressions.

    Args:
        dataset: See `sets.faces_in`; or the name of a set of `sets.COMPACT`.
        model: An expression network, as `emotion_recognition` takes it.
        part: Which faces: 'test', 'validation', 'train' or 'all'.

    Raises:
        DatasetError: This is no such set, or no face of it has a label of the network.
    """
    dataset, net = find(dataset), ExpressionNet(model)
    report = Report(f"expressions: {dataset.stem}, {part}, {model.path.stem}")
    images = list(faces_in(dataset, part))
    known = [one for one in images if one.label in net.labels]
    report.count("images with an expression that the network knows", len(known))
    found = list(_cut_out(known, net) if is_fer2013(dataset) else _found(known))
    if not found:
        raise DatasetError(f"{dataset} has no face with one of the expressions {', '.join(net.labels)}")
    report.count("with a face that was found; these are used", len(found))
    judged = judge(net, found)
    _add(report, judged)
    if is_fer2013(dataset):
        few = found[:: max(1, len(found) // WORSENED)]
        for what, faces in worsened(few, net).items():
            _add_short(report, what, judge(net, faces))
    return report


def judge(net: ExpressionNet, faces: Sequence[Face]) -> JudgedExpressions:
    """Look at faces."""
    groups = [faces[begin : begin + TOGETHER] for begin in range(0, len(faces), TOGETHER)]
    seen = [net.look([(image, view) for _, image, view in group]) for group in groups]
    own = np.concatenate([one.probabilities for one in seen])
    trust = np.concatenate([one.trust for one in seen])
    return JudgedExpressions(
        net.labels,
        trust[:, None] * own + (1 - trust[:, None]) / len(net.labels),
        trust,
        np.array([net.labels.index(face.label) for face, _, _ in faces]),
        np.array([face.subject for face, _, _ in faces], np.str_),
    )


def worsened(faces: Sequence[Face], net: ExpressionNet) -> dict[str, list[Face]]:
    """The same faces, each made worse in some ways: by what was done."""
    rng = np.random.default_rng(SEED)

    ways: Mapping[str, Way] = {
        **{f"faces of {side / net.crop.margin:.0f} pixels": resized(side, side) for side in (36, 24, 18, 12, 8)},
        **{f"{times} times darker": darkened(times, rng) for times in (4, 16, 32, 64)},
        **{f"blurred by {sigma:g} of 48 pixels": blurred(sigma) for sigma in (1.0, 2.0, 4.0)},
    }
    return {
        what: [_whole(face, Image(way(image.pixels), image.encoding), net) for face, image, _ in faces]
        for what, way in ways.items()
    }


def _cut_out(images: Sequence[LabelledFaces], net: ExpressionNet) -> Iterator[Face]:
    for one in images:
        yield _whole(one, one.image, net)


def _whole(face: LabelledFaces, image: Image, net: ExpressionNet) -> Face:
    """An image that is a crop: with the box by which the network would cut out all of it."""
    side = image.width / net.crop.margin
    middle = np.array([image.width / 2, image.height / 2 + net.crop.rise * side])
    return face, image, FaceView(np.concatenate([middle - side / 2, middle + side / 2]))


def _found(images: Sequence[LabelledFaces]) -> Iterator[Face]:
    detector = FaceDetector(Session(store.require("blazeface").path, threads=1))
    for one in images:
        [faces] = detector([one.image])
        if len(faces):
            boxes = faces.detections.boxes
            largest = int(np.argmax(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)))
            yaw, pitch, roll = head_poses(faces, PinholeCamera.assumed(one.image.width, one.image.height))[largest]
            view = FaceView(boxes[largest], faces.landmarks[largest], (float(yaw), float(pitch), float(roll)))
            if visible(view, one.image):
                yield one, one.image, view


def _add(report: Report, judged: JudgedExpressions) -> None:
    """Add the figures of faces to a report."""
    right, sure = judged.right, judged.probabilities.max(1)
    report.add("right", *by_subject(right, judged.subjects))
    report.add("mean recall", *mean_by_class(right, judged.truth, judged.subjects))
    report.add("expected calibration error", calibration_error(sure, right))
    report.add("mean score", float(sure.mean()))
    report.add("mean trust", float(judged.trust.mean()))
    named = judged.probabilities.argmax(1)
    shares, found = {}, {}
    for place, label in enumerate(judged.labels):
        of_this = judged.truth == place
        if of_this.any():
            shares[f"{label} ({of_this.sum()})"] = float((named[of_this] == place).mean())
            found[label] = {name: float((named[of_this] == k).mean()) for k, name in enumerate(judged.labels)}
    report.table("right, by expression", shares)
    report.confusion, report.answers = found, (sure, right)


def _add_short(report: Report, what: str, judged: JudgedExpressions) -> None:
    right, sure = judged.right, judged.probabilities.max(1)
    report.add(f"{what}: right", float(right.mean()))
    report.add(f"{what}: mean score", float(sure.mean()))
    report.add(f"{what}: mean trust", float(judged.trust.mean()))
    report.add(f"{what}: expected calibration error", calibration_error(sure, right))
