"""True accepts of enrolled people, and false accepts of strangers.

Galleries are drawn at random: half of the people are enrolled with a few of their images, and all other images of
everybody are shown, one at a time, and three of a person together as a track of the node shows them. In the hard open
set each person is a stranger once to a gallery of the people who are most alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.face.sets import FacePair, Labelled, faces_in, find, image_of, pairs_in
from opendr_perception.evaluate.measures import auroc, by_subject
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.tasks.face import (
    THRESHOLD,
    TO_DECIDE,
    FaceDetector,
    FaceEmbedder,
    Gallery,
    compare,
    fingerprint,
    head_poses,
    view,
    who,
)
from opendr_perception.tasks.imaging import Image, PinholeCamera
from opendr_perception.zoo import store

Floats = npt.NDArray[np.float32]
Texts = npt.NDArray[np.str_]

GALLERIES = 40
"""Random galleries of each kind."""
ENROLLED = (1, 3)
"""Images of each enrolled person."""
TOGETHER = 3
"""Images of a track."""
ALIKE = 3
"""People in a gallery of the hard open set."""
FALSE_RATES = (0.0001, 0.001, 0.01)
"""Shares of pairs of two people at which pairs of one are counted."""
SEED = 7


class FaceReader:
    """The networks of the node, one image at a time."""

    def __init__(self, embedder: Session) -> None:
        self._detector = FaceDetector(Session(store.require("blazeface").path, threads=1))
        self._embedder = FaceEmbedder(embedder)
        self.model = fingerprint(embedder.path.stem, embedder)

    def __call__(self, image: Image) -> tuple[Floats, str] | None:
        """Embedding (d,) of the largest face, and what speaks against deciding by it; None without a face."""
        [faces] = self._detector([image])
        if not len(faces):
            return None
        boxes = faces.detections.boxes
        largest = int(np.argmax(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)))
        poses = head_poses(faces, PinholeCamera.assumed(image.width, image.height))
        found = view(image, faces, largest, poses[largest], self._embedder.alignment)
        return self._embedder([found.aligned])[0], TO_DECIDE.problem(found.quality)


@dataclass(frozen=True, eq=False)
class Known:
    """Faces as points: embeddings (n, d), whose they are (n,), and what made them (`fingerprint`)."""

    embeddings: Floats
    people: Texts
    model: str

    @property
    def names(self) -> Texts:
        return np.unique(self.people)


@dataclass
class Tally:
    """Results of probes: correct or not, and of whom; of strangers, named or not."""

    named: list[bool] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    first: list[bool] = field(default_factory=list)
    enrolled: list[str] = field(default_factory=list)

    def add(self, report: Report, what: str) -> None:
        """Add the figures to a report."""
        report.add(f"{what}: false accepts", *by_subject(np.array(self.named), np.array(self.strangers)))
        report.add(f"{what}: true accepts", *by_subject(np.array(self.right), np.array(self.enrolled)))
        report.add(f"{what}: rank 1", *by_subject(np.array(self.first), np.array(self.enrolled)))


def evaluate_identity(dataset: Path, embedder: Session, part: str) -> Report:
    """Measure the decision of `face_recognition` on labelled faces.

    Args:
        dataset: A folder of people's folders, a compact file or its name, or a list of pairs.
        embedder: The network that tells people apart.
        part: Whose faces: every second person from the first on is 'train', the others are 'test'; or 'all'.

    Raises:
        DatasetError: This is no such set, or it has too few people.
    """
    dataset, seer = find(dataset), FaceReader(embedder)
    report = Report(f"identity: {dataset.stem}, {part}")
    if dataset.suffix == ".txt":
        return _compare_pairs(report, pairs_in(dataset), seer)
    known = _see(report, list(of_part(list(faces_in(dataset)), part)), seer)
    if len(known.names) < ALIKE + 2:
        raise DatasetError(f"{dataset} has {len(known.names)} people in the part '{part}'; {ALIKE + 2} are needed")
    _pairwise(report, known)
    for count in ENROLLED:
        for kind, galleries in (("random", random_galleries), ("look-alikes", look_alike_galleries)):
            one, track, fixed = Tally(), Tally(), Tally()
            rng = np.random.default_rng(SEED)
            for chosen, strangers in galleries(rng, known):
                _show(rng, known, chosen, strangers, count, (one, track, fixed))
            what = f"{kind}, {count} enrolled"
            one.add(report, what)
            track.add(report, f"{what}, {TOGETHER} together")
            report.table(
                f"{what}, with the one threshold {THRESHOLD:g} for all",
                {"false accepts": float(np.mean(fixed.named)), "true accepts": float(np.mean(fixed.right))},
            )
    return report


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


def random_galleries(rng: np.random.Generator, known: Known) -> Iterator[tuple[Texts, Texts]]:
    """Half of the people, and who are strangers to them."""
    for _ in range(GALLERIES):
        chosen = rng.choice(known.names, len(known.names) // 2, replace=False)
        yield chosen, np.setdiff1d(known.names, chosen)


def look_alike_galleries(rng: np.random.Generator, known: Known) -> Iterator[tuple[Texts, Texts]]:
    """The people who are most alike to each one, by the median distance between their images."""
    apart, names = _apart(known.embeddings), known.names
    for _ in range(2):  # with other images enrolled
        for stranger in names:
            own = known.people == stranger
            medians = [
                np.inf if name == stranger else float(np.median(apart[np.ix_(own, known.people == name)]))
                for name in names
            ]
            yield names[np.argsort(medians)[:ALIKE]], np.array([stranger])


def _show(
    rng: np.random.Generator, known: Known, chosen: Texts, strangers: Texts, count: int, tallies: Sequence[Tally]
) -> None:
    """Enrol the chosen, and show everybody: single images, tracks, and single images to one threshold for all."""
    one, track, fixed = tallies
    gallery, left = Gallery(known.model), {}
    for name in chosen.tolist():
        places = rng.permutation(np.flatnonzero(known.people == name))
        if len(places) > count:
            samples = known.embeddings[places[:count]]
            gallery = gallery.with_samples(name, [f"{name}/{k}" for k in range(count)], samples)
            left[name] = places[count:]
    for name in strangers.tolist():
        left[name] = rng.permutation(np.flatnonzero(known.people == name))
    for name, places in left.items():
        views = known.embeddings[places]
        _count(one, gallery, name, [*views[:, None]], fixed=False)
        _count(fixed, gallery, name, [*views[:, None]], fixed=True)
        groups = [views[k : k + TOGETHER] for k in range(0, len(views) - TOGETHER + 1, TOGETHER)]
        _count(track, gallery, name, groups, fixed=False)


def _count(tally: Tally, gallery: Gallery, name: str, groups: Sequence[Floats], fixed: bool) -> None:
    """Decide by the views (v, d) of each group together."""
    for views in groups:
        seen = compare(gallery, [*views])
        nearest, person = int(np.argmin(seen.distances)), who(gallery, seen, THRESHOLD)
        if fixed:
            person = nearest if seen.distances[nearest] < THRESHOLD else -1
        if name in gallery.people:
            tally.enrolled.append(name)
            tally.right.append(person >= 0 and gallery.people[person] == name)
            tally.first.append(gallery.people[nearest] == name)
        else:
            tally.strangers.append(name)
            tally.named.append(person >= 0)


def _see(report: Report, faces: Sequence[Labelled], seer: FaceReader) -> Known:
    """Points of the faces by which the node would decide."""
    seen = [seer(face.image) for face in faces]
    good = [k for k, one in enumerate(seen) if one is not None and not one[1]]
    report.count("images", len(faces))
    report.count("images in which a face was found", sum(one is not None for one in seen))
    report.count("images in which it can be seen well enough to decide; these are used", len(good))
    embeddings = np.array([one[0] for one in (seen[k] for k in good) if one is not None]).reshape(-1, 128)
    return Known(embeddings.astype(np.float32), np.array([faces[k].person for k in good], np.str_), seer.model)


def _pairwise(report: Report, known: Known) -> None:
    upper = np.triu_indices(len(known.people), 1)
    apart, same = _apart(known.embeddings)[upper], (known.people[:, None] == known.people)[upper]
    _roc(report, apart, same)


def _compare_pairs(report: Report, pairs: Sequence[FacePair], seer: FaceReader) -> Report:
    paths = sorted({path for pair in pairs for path in (pair.first, pair.second)})
    seen = {path: seer(image_of(path)) for path in paths}
    report.count("pairs", len(pairs))
    distances, same = [], []
    for pair in pairs:
        first, second = seen[pair.first], seen[pair.second]
        if first is not None and second is not None:
            distances.append(float(np.linalg.norm(first[0] - second[0])))
            same.append(pair.same)
    report.count("pairs with a face in both images; these are used", len(distances))
    apart, one = np.array(distances, np.float32), np.array(same, bool)
    if one.all() or not one.any():
        raise DatasetError("no pairs of one person, or none of two, are left in which faces were found")
    _roc(report, apart, one)
    report.table(
        f"nearer than {THRESHOLD:g}",
        {
            "pairs of one person": float((apart[one] < THRESHOLD).mean()),
            "of two": float((apart[~one] < THRESHOLD).mean()),
        },
    )
    return report


def _roc(report: Report, apart: Floats, same: npt.NDArray[np.bool_]) -> None:
    report.add("pairs: area under the ROC curve", auroc(-apart, same))
    report.chances["pairs of one person"] = (-apart.astype(np.float64), same)
    limits = {rate: float(np.quantile(apart[~same], rate)) for rate in FALSE_RATES}
    report.table(
        "ROC: pairs of one person that are taken for one, where so many pairs of two people are",
        {
            f"{rate:.2%} (nearer than {limit:.3f})": float((apart[same] < limit).mean())
            for rate, limit in limits.items()
        },
    )


def _apart(embeddings: Floats) -> Floats:
    squares = np.einsum("nd,nd->n", embeddings, embeddings)
    return np.sqrt(np.maximum(squares[:, None] + squares - 2 * embeddings @ embeddings.T, 0))
