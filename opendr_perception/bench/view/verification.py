"""Verification of covered faces before and after the moves that clear them [Dimaridou 2022, tables 2, 4 and 6].

Things are painted before both faces of a pair. A move shifts them as it does when the robot goes aside: what is nearer
than the face goes against the camera. Boxes and landmarks are those of the face before it was covered, as a tracker
would keep them.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from opendr_perception import zoo
from opendr_perception.active.perception import FaceObservation, Recognition
from opendr_perception.active.policies import LARGEST_RATIO, NONE, SIDES, OcclusionNetworks
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure
from opendr_perception.bench.view.figures import CASE, interval
from opendr_perception.evaluate.face import sets
from opendr_perception.sim.scene import ROOMS, Light, facing
from opendr_perception.sim.world import SimulatedCamera, World
from opendr_perception.tasks.face import FaceDetector, FaceEmbedder, align
from opendr_perception.tasks.imaging import Image, Pixels

log = logging.getLogger(__name__)

COVERS = ("20 to 60 %", "60 %", "60 % of the middle")
"""Shares of the face's box that are covered, from one side or in the middle."""
ITERATIONS = (1, 2, 3, 10)
"""Largest numbers of fixed steps by D_m alone."""
STAGES = ("covered", *(f"{count} steps" for count in ITERATIONS), "two moves")
STEP = 0.1
"""Of the face's box, by which things move in a fixed step: the published one, read off its tables."""
OUTSIDE = 0.3
"""Boxes, by which things are longer than the face."""
EXITS = {"top": (0.0, -1.0), "bottom": (0.0, 1.0), "right": (1.0, 0.0), "left": (-1.0, 0.0)}
"""Directions of things that leave by a side of the image, in boxes."""
FOLDS = 10
UNSEEN = slice(3, None, 4)
"""Every fourth person of the package: those who were held out when the networks were trained."""


@dataclass(frozen=True, eq=False)
class UncoveredFace:
    """A face that nothing covers yet: its image (H, W, 3) uint8 RGB, box (4,), landmarks (6, 2), and whose it is."""

    pixels: Pixels
    box: np.ndarray
    landmarks: np.ndarray
    person: str


@dataclass(frozen=True, eq=False)
class PaintedThing:
    """A rectangle of a texture; its corners are in boxes from the first corner of the face."""

    texture: Pixels
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def draw(cls, random: np.random.Generator, cover: str, shape: tuple[int, ...]) -> PaintedThing:
        """One by chance that covers as much as one of COVERS says, of the height or of the width."""
        share = float(random.uniform(0.2, 0.6)) if cover == COVERS[0] else 0.6
        along, across = (0.5 - share / 2, 0.5 + share / 2), (-OUTSIDE, 1 + OUTSIDE)
        if cover != COVERS[2]:
            along = (-OUTSIDE, share) if random.random() < 0.5 else (1 - share, 1 + OUTSIDE)
        sides = np.array([across, along] if random.random() < 0.5 else [along, across])
        cells = random.integers(0, 256, (int(random.integers(1, 12)), int(random.integers(1, 12)), 3), np.uint8)
        texture = cv2.resize(cells, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
        return cls(np.asarray(texture, np.uint8), sides[:, 0], sides[:, 1])

    def paint(self, face: UncoveredFace, moved: np.ndarray) -> Pixels:
        """The image with the thing, which has gone so far (2,), in boxes."""
        size = face.box[2:] - face.box[:2]
        corners = np.stack([self.low + moved, self.high + moved]) * size + face.box[:2]
        (left, top), (right, bottom) = np.clip(np.round(corners).astype(int), 0, face.pixels.shape[1::-1])
        covered = face.pixels.copy()
        covered[top:bottom, left:right] = self.texture[top:bottom, left:right]
        return covered

    def way(self, side: str) -> float:
        """Way to go until it has left the face by a side, in boxes."""
        ways = {"top": self.high[1], "bottom": 1 - self.low[1], "right": 1 - self.low[0], "left": self.high[0]}
        return float(ways[side])


class Clearer:
    """Clears faces and embeds what is seen of them.

    Args:
        networks: D_m and R_m.
        embedder: of faces.
    """

    def __init__(self, networks: OcclusionNetworks, embedder: FaceEmbedder) -> None:
        self._networks, self._embedder = networks, embedder

    def embeddings(
        self, face: UncoveredFace, thing: PaintedThing, random: np.random.Generator
    ) -> Mapping[str, np.ndarray]:
        """Embedding (d,) at each of STAGES; `random` draws how near the thing is, and so how far a first step takes
        it, as published."""
        places = self._iterate(face, thing)
        ends = {f"{count} steps": places[min(count, len(places) - 1)] for count in ITERATIONS}
        moved = {"covered": places[0], **ends, "two moves": self._twice(face, thing, random)}
        crops = [align(self._view(face, thing, moved[stage]).image, face.landmarks) for stage in STAGES]
        return dict(zip(STAGES, self._embedder(crops), strict=True))

    def clear(self, face: UncoveredFace) -> np.ndarray:
        """Embedding (d,) of the face itself."""
        return np.asarray(self._embedder([align(Image(face.pixels, "rgb8"), face.landmarks)])[0])

    def _iterate(self, face: UncoveredFace, thing: PaintedThing) -> Sequence[np.ndarray]:
        """Places (2,) of the thing after each fixed step, until D_m sees nothing."""
        places: list[np.ndarray] = [np.zeros(2)]
        while len(places) <= max(ITERATIONS) and (side := self._side(face, thing, places[-1])):
            places.append(places[-1] + STEP * np.array(EXITS[side]))
        return places

    def _twice(self, face: UncoveredFace, thing: PaintedThing, random: np.random.Generator) -> np.ndarray:
        """Place (2,) of it after one step and the rest that R_m tells."""
        start = np.zeros(2)
        if not (side := self._side(face, thing, start)):
            return start
        step = thing.way(side) * float(random.uniform(1 / (1 + LARGEST_RATIO), 1.1)) * np.array(EXITS[side])
        ratio = self._networks.ratio(self._view(face, thing, start), self._view(face, thing, step))
        return np.asarray((1 + ratio) * step)

    def _side(self, face: UncoveredFace, thing: PaintedThing, moved: np.ndarray) -> str:
        side = int(np.argmax(self._networks.direction(self._view(face, thing, moved))))
        return "" if side == NONE else SIDES[side]

    @staticmethod
    def _view(face: UncoveredFace, thing: PaintedThing, moved: np.ndarray) -> FaceObservation:
        image = Image(thing.paint(face, moved), "rgb8")
        return FaceObservation(image, face.box, face.landmarks, Recognition("", math.nan))


def draw_pairs(people: Sequence[str], count: int, random: np.random.Generator) -> list[tuple[int, int]]:
    """Pairs of faces by chance, every other one of the same person.

    Raises:
        ValueError: nobody has two faces, or there is only one person.
    """
    whose = np.asarray(people)
    names, numbers = np.unique(whose, return_counts=True)
    if len(names) < 2 or numbers.max() < 2:
        raise ValueError("pairs need two people, and two faces of one")
    pairs: list[tuple[int, int]] = []
    while len(pairs) < count:
        first, second = random.choice(len(whose), 2, replace=False)
        if (whose[first] == whose[second]) == (len(pairs) % 2 == 0):
            pairs.append((int(first), int(second)))
    return pairs


def right_pairs(distances: np.ndarray, same: np.ndarray, folds: int = FOLDS) -> int:
    """Number of pairs that are told right, each by the threshold (n,) that is best for the other folds [LFW]."""
    right = 0
    for fold in range(folds):
        test = np.arange(len(same)) // 2 % folds == fold  # of the same and of different people in each
        known = distances[~test]
        hits = [int(np.sum((known <= threshold) == same[~test])) for threshold in known]
        right += int(np.sum((distances[test] <= known[int(np.argmax(hits))]) == same[test]))
    return right


def verify(clearer: Clearer, faces: Sequence[UncoveredFace], count: int, kind: str) -> Iterator[Figure]:
    """Accuracy of so many pairs without anything before them, and at each of STAGES behind each of COVERS."""
    random = np.random.default_rng(1)
    pairs = draw_pairs([face.person for face in faces], count, random)
    same = np.arange(count) % 2 == 0
    folds = min(FOLDS, count // 2)
    clear = [np.linalg.norm(clearer.clear(faces[a]) - clearer.clear(faces[b])) for a, b in pairs]
    yield _figure(f"{kind}, nothing covers them", right_pairs(np.array(clear), same, folds), count)
    for cover in COVERS:
        distances: dict[str, list[float]] = {stage: [] for stage in STAGES}
        for pair in pairs:
            seen = [_seen(clearer, faces[number], cover, random) for number in pair]
            for stage in STAGES:
                distances[stage].append(float(np.linalg.norm(seen[0][stage] - seen[1][stage])))
        for stage in STAGES:
            right = right_pairs(np.array(distances[stage]), same, folds)
            yield _figure(f"{kind}, {cover} covered: {stage}", right, count)


def _seen(clearer: Clearer, face: UncoveredFace, cover: str, random: np.random.Generator) -> Mapping[str, np.ndarray]:
    return clearer.embeddings(face, PaintedThing.draw(random, cover, face.pixels.shape), random)


def _figure(what: str, right: int, count: int) -> Figure:
    low, high = interval(right, count)
    text = f"verification of {count} pairs of {what} (95 % interval {low:.0f} to {high:.0f})"
    return Figure(CASE, text, "%", 100 * right / count, None, "", None, None, None)


def rendered_faces(detector: FaceDetector, each: int) -> Sequence[UncoveredFace]:
    """So many faces of each simulated person whom the networks have not seen."""
    random = np.random.default_rng(2)
    camera = SimulatedCamera(480, 480, math.radians(36), above=1.6)
    faces: list[UncoveredFace] = []
    with World(camera=camera) as world:
        for name in sorted(world.people)[UNSEEN]:
            for _ in range(each):
                light = Light(random.uniform(-1.2, 1.2), random.uniform(0.5, 1.2), random.uniform(0.4, 0.8), 0.5)
                pan = math.radians(random.uniform(-30, 30))
                image = world.reset(facing(name, random.uniform(1.0, 1.6), pan, light=light, room=ROOMS["lab"])).image
                assert image is not None
                faces += _found(detector, np.ascontiguousarray(image), name)
    return faces


def real_faces(detector: FaceDetector, path: Path) -> Sequence[UncoveredFace]:
    """All faces that are found in a set as `evaluate identity` takes it; they fill their images, which are padded."""
    faces: list[UncoveredFace] = []
    for labelled in sets.faces_in(path):
        pixels = labelled.image.pixels
        colour = np.repeat(pixels[:, :, None], 3, axis=2) if pixels.ndim == 2 else pixels
        border = max(colour.shape[:2]) // 2
        padded = cv2.copyMakeBorder(colour, border, border, border, border, cv2.BORDER_REPLICATE)
        faces += _found(detector, np.asarray(padded, np.uint8), labelled.person)
    return faces


def _found(detector: FaceDetector, pixels: Pixels, person: str) -> Sequence[UncoveredFace]:
    (found,) = detector([Image(pixels, "rgb8")])
    return [UncoveredFace(pixels, found.detections.boxes[0], found.landmarks[0], person)] if len(found) else []


def verification(extent: Extent) -> list[Figure]:
    """Figures of rendered faces, and of ORL's where the data are here."""
    models = ("face-features", "occlusion-direction", "occlusion-ratio")
    clearer = Clearer(OcclusionNetworks(*map(zoo.session, models)), FaceEmbedder(zoo.session("face-embedding")))
    detector = FaceDetector(zoo.session("blazeface"))
    count = extent.pick(300, 40, 4)
    figures = list(verify(clearer, rendered_faces(detector, extent.pick(12, 6, 2)), count, "rendered faces"))
    path = Path(os.environ.get("OPENDR_DATA") or sets.DATA) / sets.COMPACT["orl"]
    if extent is Extent.SMOKE or not path.exists():
        log.warning("faces of ORL are left out: %s", "in small" if path.exists() else f"{path} is not here")
        return figures
    return figures + list(verify(clearer, real_faces(detector, path), count, "faces of ORL"))
