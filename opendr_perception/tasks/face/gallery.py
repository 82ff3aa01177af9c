"""Gallery of known faces, and the rules of names."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from opendr_perception.tasks.face.formats import UNIT_OF_DISTANCE
from opendr_perception.tasks.face.kinds import nearest_kind

FILE = "embeddings.npz"
LOG = "changes.log"
RESERVED = frozenset({FILE, LOG, f"{LOG}.1"})
"""Files of a gallery that lie beside the people's folders; nobody may be called so."""

THRESHOLD = UNIT_OF_DISTANCE
"""Distance from which on two faces are two people, where nothing is known of others (see `identity.decision`). dlib's
customary 0.6 takes different people for one."""

LARGEST_THRESHOLD = 2.0
"""Embeddings are about 1 long: beyond it everybody would be everybody."""

TOGETHER = 1000
"""Samples whose distances to all others are held at once."""

LONGEST_NAME = 64
_BETWEEN = " .'\u2019-,()&"
"""Characters that a name may hold beside letters, marks, digits and underscores, but not begin with."""


class GalleryError(RuntimeError):
    """The gallery cannot be read or changed; the text says why in one line."""


@dataclass(frozen=True)
class Gallery:
    """Gallery of known faces at one moment; never changed, only replaced.

    Args:
        model: what made the embeddings, see `fingerprint`.
        threshold: distance from which on two faces are two people.
        names: of the person, for each sample; samples of one person stand together.
        images: for each sample, the image's path below the gallery's folder.
        embeddings: (n, d) float32; d is 128 for the package's own embedder.
        digests: for each sample, sha256 of the image's bytes; '' when unknown, as all are by default.

    Raises:
        ValueError: they do not belong together.
    """

    model: str
    threshold: float = THRESHOLD
    names: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    embeddings: np.ndarray = field(default_factory=lambda: np.empty((0, 0), np.float32))
    digests: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.names)
        object.__setattr__(self, "digests", self.digests or ("",) * count)
        points = self.embeddings.ndim == 2 and len(self.embeddings) == count and (not count or self.embeddings.size > 0)
        if not (count == len(self.images) == len(self.digests) and points):
            raise ValueError("names, images, digests and embeddings do not belong together")
        if not (np.isfinite(self.embeddings).all() and 0 < self.threshold <= LARGEST_THRESHOLD):
            raise ValueError(f"embeddings must be finite, and the threshold in (0, {LARGEST_THRESHOLD:g}]")
        starts = [k for k, name in enumerate(self.names) if k == 0 or name != self.names[k - 1]]
        if len({self.names[k] for k in starts}) < len(starts):
            raise ValueError("samples of one person do not stand together")
        object.__setattr__(self, "people", tuple(self.names[k] for k in starts))
        object.__setattr__(self, "_starts", np.array(starts, np.intp))
        object.__setattr__(self, "_squares", np.einsum("nd,nd->n", self.embeddings, self.embeddings))

    people: tuple[str, ...] = field(init=False, compare=False)
    """The name of each person, once."""
    _starts: np.ndarray = field(init=False, compare=False, repr=False)
    _squares: np.ndarray = field(init=False, compare=False, repr=False)

    def distances(self, embedding: np.ndarray) -> np.ndarray:
        """Distance (p,) of an embedding (d,) to the nearest sample of each of `people`."""
        if not self.people:
            return np.empty(0, np.float32)
        squares = self._squares - 2 * (self.embeddings @ embedding) + embedding @ embedding
        nearest = squares if len(self.people) == len(squares) else np.minimum.reduceat(squares, self._starts)
        return np.sqrt(np.maximum(nearest, 0))

    @cached_property
    def kinds(self) -> np.ndarray:
        """Distance (p,) of each of `people` to the nearest kind of faces: the mean of their samples."""
        if not self.people:
            return np.empty(0, np.float32)
        counts = np.diff([*self._starts, len(self.names)])
        return np.add.reduceat(nearest_kind(self.model, self.embeddings), self._starts) / counts

    @cached_property
    def separations(self) -> np.ndarray:
        """Distance (p,) of each of `people` to the nearest other one, by their nearest samples; infinite if alone."""
        owners = np.repeat(np.arange(len(self.people)), np.diff([*self._starts, len(self.names)]))
        separations = np.full(len(self.people), np.inf, np.float32)
        for start in range(0, len(self.names), TOGETHER):
            block, own = self.embeddings[start : start + TOGETHER], owners[start : start + TOGETHER]
            squares = self._squares - 2 * (block @ self.embeddings.T) + np.einsum("nd,nd->n", block, block)[:, None]
            squares[own[:, None] == owners] = np.inf
            np.minimum.at(separations, own, np.sqrt(np.maximum(squares.min(axis=1), 0)))
        return separations

    def samples(self, name: str) -> np.ndarray:
        """Embeddings (n, d) of one person."""
        return self.embeddings[[k for k, owner in enumerate(self.names) if owner == name]]

    def with_samples(
        self, name: str, images: Sequence[str], embeddings: np.ndarray, digests: Sequence[str] = ()
    ) -> Gallery:
        """A gallery with more samples of a person; arguments as the attributes of the same names."""
        if not len(images):
            return self
        new = embeddings.reshape(len(images), -1)
        names = [*self.names, *[name] * len(images)]
        order = sorted(range(len(names)), key=names.__getitem__)  # stable
        every = [*self.images, *images]
        hashes = [*self.digests, *(digests or [""] * len(images))]
        return replace(
            self,
            names=tuple(names[k] for k in order),
            images=tuple(every[k] for k in order),
            digests=tuple(hashes[k] for k in order),
            embeddings=np.concatenate([self.embeddings, new] if self.names else [new])[order].astype(np.float32),
        )

    def without(self, images: set[str]) -> Gallery:
        """A gallery without some samples, by their images."""
        return self._only([k for k, image in enumerate(self.images) if image not in images])

    def without_people(self, people: set[str]) -> Gallery:
        """A gallery without some people."""
        return self._only([k for k, name in enumerate(self.names) if name not in people])

    def _only(self, kept: list[int]) -> Gallery:
        return replace(
            self,
            names=tuple(self.names[k] for k in kept),
            images=tuple(self.images[k] for k in kept),
            digests=tuple(self.digests[k] for k in kept),
            embeddings=self.embeddings[kept],
        )


def is_name(name: str) -> bool:
    """True if a person may be called so. A name is also that of a folder, whatever is typed."""
    name = normal_name(name)
    return (
        0 < len(name) <= LONGEST_NAME
        and all(character in _BETWEEN or _is_letter(character) for character in name)
        and (name[0].isalnum() or name[0] == "_")
        and name[-1] not in _BETWEEN.replace(")", "")
        and len(name.encode()) <= 200
        and name.casefold() not in RESERVED
    )


def normal_name(name: str) -> str:
    """The one way to write a name: what can be typed in several ways is the same person."""
    return unicodedata.normalize("NFC", name)


def check_name(name: str) -> str:
    """The name in its normal form.

    Raises:
        GalleryError: nobody may be called so.
    """
    if not is_name(name):
        short = name if len(name) <= 40 else f"{name[:40]}..."
        raise GalleryError(
            f"{short!r} cannot be a name: 1 to 64 letters, digits, spaces, or any of _ . ' - , & ( ) in between are "
            f"needed, and not {', '.join(sorted(RESERVED))}"
        )
    return normal_name(name)


def _is_letter(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"  # letters, their marks, digits


@dataclass(frozen=True)
class Pair:
    """Two samples of different people, or of one, and their distance."""

    first: str
    second: str
    distance: float


def closest_pairs(gallery: Gallery, count: int) -> list[Pair]:
    """The so many most similar pairs of different people, nearest first; of each two people their nearest samples."""
    pairs = []
    for place, name in enumerate(gallery.people[:-1]):
        others = np.min([gallery.distances(sample) for sample in gallery.samples(name)], axis=0)
        pairs += [
            Pair(name, other, float(distance))
            for other, distance in zip(gallery.people[place + 1 :], others[place + 1 :], strict=True)
        ]
    return sorted(pairs, key=lambda pair: pair.distance)[:count]


def farthest_own(gallery: Gallery) -> list[Pair]:
    """For each person with several samples, how far the one stands from the others that is farthest from them."""
    pairs = []
    for name in gallery.people:
        samples = gallery.samples(name)
        if len(samples) > 1:
            between = np.linalg.norm(samples[:, None] - samples[None], axis=2)
            np.fill_diagonal(between, np.inf)
            pairs.append(Pair(name, name, float(between.min(axis=1).max())))
    return sorted(pairs, key=lambda pair: -pair.distance)


def propose_threshold(gallery: Gallery) -> float:
    """A threshold for these people: amid views of one and views of two, and never above the measured default."""
    closest = closest_pairs(gallery, 1)
    if not closest:
        return THRESHOLD
    own = farthest_own(gallery)
    low = own[0].distance if own else 0.0
    return min(THRESHOLD, (low + closest[0].distance) / 2 if low < closest[0].distance else closest[0].distance)
