"""True accepts of enrolled people, and false accepts of strangers.

Galleries are drawn at random: half of the people are enrolled with a few of their images, and all other images of
everybody are shown, one at a time, and three of a person together as a track of the node shows them. In the hard open
set each person is a stranger once to a gallery of the people who are most alike. The same is done with images as poor
as a far, dim or strongly compressed film shows people who were enrolled from good ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.face.galleries import (
    ALIKE,
    TOGETHER,
    Floats,
    Known,
    Tally,
    apart,
    look_alike_galleries,
    random_galleries,
    show,
)
from opendr_perception.evaluate.face.poor import ENROLLED_WELL, poor_views
from opendr_perception.evaluate.face.reading import FaceReader, SeenFace
from opendr_perception.evaluate.face.sets import FacePair, Labelled, faces_in, find, image_of, pairs_in
from opendr_perception.evaluate.measures import auroc
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.tasks.face import THRESHOLD

ENROLLED = (1, 3)
"""Images of each enrolled person."""
FALSE_RATES = (0.0001, 0.001, 0.01)
"""Shares of pairs of two people at which pairs of one are counted."""
POOR_GALLERIES = 10
"""Random galleries to which poor images are shown."""
SEED = 7


def evaluate_identity(dataset: Path, embedder: Session, part: str) -> Report:
    """Measure the decision of `face_recognition` on labelled faces.

    Args:
        dataset: A folder of people's folders, a compact file or its name, or a list of pairs.
        embedder: The network that tells people apart.
        part: Whose faces: every second person from the first on is 'train', the others are 'test'; or 'all'.

    Raises:
        DatasetError: This is no such set, or it has too few people.
    """
    dataset, reader = find(dataset), FaceReader(embedder)
    report = Report(f"identity: {dataset.stem}, {part}")
    if dataset.suffix == ".txt":
        return _compare_pairs(report, pairs_in(dataset), reader)
    faces = list(of_part(list(faces_in(dataset)), part))
    seen = _see(report, faces, reader)
    people = {face.person for face, _ in seen}
    if len(people) < ALIKE + 2:
        raise DatasetError(f"{dataset} has {len(people)} people in the part '{part}'; {ALIKE + 2} are needed")
    known = Known(
        np.array([one.embedding for _, one in seen], np.float32),
        np.array([face.person for face, _ in seen], np.str_),
        reader.model,
    )
    _pairwise(report, known)
    for count in ENROLLED:
        for kind, galleries in (("random", random_galleries), ("look-alikes", look_alike_galleries)):
            one, track, fixed = Tally(), Tally(), Tally()
            rng = np.random.default_rng(SEED)
            for chosen, strangers in galleries(rng, known):
                show(rng, known, chosen, strangers, count, (one, track, fixed))
            what = f"{kind}, {count} enrolled"
            one.add(report, what)
            track.add(report, f"{what}, {TOGETHER} together")
            report.table(
                f"{what}, with the one threshold {THRESHOLD:g} for all",
                {"false accepts": float(np.mean(fixed.named)), "true accepts": float(np.mean(fixed.right))},
            )
    for what, points in poor_views(seen, reader).items():
        _add_poor(report, what, known, points)
    return report


def _add_poor(report: Report, what: str, known: Known, shown: Floats) -> None:
    """Show everybody in poor images (n, d), NaN where no face can be seen, to galleries of good ones."""
    one, track, fixed = Tally(), Tally(), Tally()
    rng = np.random.default_rng(SEED)
    for chosen, strangers in islice(random_galleries(rng, known), POOR_GALLERIES):
        show(rng, known, chosen, strangers, ENROLLED_WELL, (one, track, fixed), shown)
    report.add(f"{what}: seen well enough to decide", float(np.isfinite(shown[:, 0]).mean()))
    if one.right and one.named:
        one.add(report, what)
    if track.right and track.named:
        track.add(report, f"{what}, {TOGETHER} together")


def of_part(faces: Sequence[Labelled], part: str) -> Iterator[Labelled]:
    """Faces of the people of a part.

    Raises:
        DatasetError: There is no such part.
    """
    if part == "validation":
        raise DatasetError("faces have the parts train, test and all")
    names = sorted({face.person for face in faces}, key=lambda name: (len(name), name))
    for face in faces:
        if part == "all" or (names.index(face.person) % 2 == 0) == (part == "train"):
            yield face


def _see(report: Report, faces: Sequence[Labelled], reader: FaceReader) -> list[tuple[Labelled, SeenFace]]:
    """Faces by which the node would decide."""
    seen = [(face, reader(face.image)) for face in faces]
    good = [(face, one) for face, one in seen if one is not None and not one.problem]
    report.count("images", len(faces))
    report.count("images in which a face was found", sum(one is not None for _, one in seen))
    report.count("images in which it can be seen well enough to decide; these are used", len(good))
    return good


def _pairwise(report: Report, known: Known) -> None:
    upper = np.triu_indices(len(known.people), 1)
    distances, same = apart(known.embeddings)[upper], (known.people[:, None] == known.people)[upper]
    _roc(report, distances, same)


def _compare_pairs(report: Report, pairs: Sequence[FacePair], reader: FaceReader) -> Report:
    paths = sorted({path for pair in pairs for path in (pair.first, pair.second)})
    seen = {path: reader(image_of(path)) for path in paths}
    report.count("pairs", len(pairs))
    distances, same = [], []
    for pair in pairs:
        first, second = seen[pair.first], seen[pair.second]
        if first is not None and second is not None:
            distances.append(float(np.linalg.norm(first.embedding - second.embedding)))
            same.append(pair.same)
    report.count("pairs with a face in both images; these are used", len(distances))
    between, one = np.array(distances, np.float32), np.array(same, bool)
    if one.all() or not one.any():
        raise DatasetError("no pairs of one person, or none of two, are left in which faces were found")
    _roc(report, between, one)
    report.table(
        f"nearer than {THRESHOLD:g}",
        {
            "pairs of one person": float((between[one] < THRESHOLD).mean()),
            "of two": float((between[~one] < THRESHOLD).mean()),
        },
    )
    return report


def _roc(report: Report, distances: Floats, same: npt.NDArray[np.bool_]) -> None:
    report.add("pairs: area under the ROC curve", auroc(-distances, same))
    report.chances["pairs of one person"] = (-distances.astype(np.float64), same)
    limits = {rate: float(np.quantile(distances[~same], rate)) for rate in FALSE_RATES}
    report.table(
        "ROC: pairs of one person that are taken for one, where so many pairs of two people are",
        {
            f"{rate:.2%} (nearer than {limit:.3f})": float((distances[same] < limit).mean())
            for rate, limit in limits.items()
        },
    )
