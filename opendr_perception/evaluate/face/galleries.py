"""Galleries that are drawn from labelled faces, and what the node answers when everybody is shown to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from opendr_perception.evaluate.measures import by_subject
from opendr_perception.evaluate.report import Report
from opendr_perception.tasks.face import THRESHOLD, Gallery, compare, who

Floats = npt.NDArray[np.float32]
Texts = npt.NDArray[np.str_]

GALLERIES = 40
"""Random galleries of each kind."""
TOGETHER = 3
"""Images of a track."""
ALIKE = 3
"""People in a gallery of the hard open set."""


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


def random_galleries(rng: np.random.Generator, known: Known) -> Iterator[tuple[Texts, Texts]]:
    """Half of the people, and who are strangers to them."""
    for _ in range(GALLERIES):
        chosen = rng.choice(known.names, len(known.names) // 2, replace=False)
        yield chosen, np.setdiff1d(known.names, chosen)


def look_alike_galleries(rng: np.random.Generator, known: Known) -> Iterator[tuple[Texts, Texts]]:
    """The people who are most alike to each one, by the median distance between their images."""
    distances, names = apart(known.embeddings), known.names
    for _ in range(2):  # with other images enrolled
        for stranger in names:
            own = known.people == stranger
            medians = [
                np.inf if name == stranger else float(np.median(distances[np.ix_(own, known.people == name)]))
                for name in names
            ]
            yield names[np.argsort(medians)[:ALIKE]], np.array([stranger])


def show(
    rng: np.random.Generator,
    known: Known,
    chosen: Texts,
    strangers: Texts,
    count: int,
    tallies: Sequence[Tally],
    shown: Floats | None = None,
) -> None:
    """Enrol some people, and show everybody.

    Args:
        rng: Decides which images are enrolled.
        known: Faces.
        chosen: Who is enrolled.
        strangers: Who is not.
        count: Images of each who is enrolled.
        tallies: Get the answers to single images, to tracks, and to single images by one threshold for all.
        shown: (n, d) what is shown instead of the faces themselves; NaN where nothing can be seen.
    """
    one, track, fixed = tallies
    points = known.embeddings if shown is None else shown
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
        views = points[places]
        views = views[np.isfinite(views[:, 0])]
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


def apart(embeddings: Floats) -> Floats:
    squares = np.einsum("nd,nd->n", embeddings, embeddings)
    return np.sqrt(np.maximum(squares[:, None] + squares - 2 * embeddings @ embeddings.T, 0))
