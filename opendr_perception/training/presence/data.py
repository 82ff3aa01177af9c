"""Crops with and without a person in their middle: rendered people before photographs, and windows of real films.

A crop shows somebody if its middle lies on the body; people of whom only an edge reaches into it, and things that are
pasted like people, are among those that show nobody. So a network that slides over an image learns where people end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from opendr_perception.networks.human_presence import WINDOW
from opendr_perception.tasks.imaging import Image, crop_resize
from opendr_perception.tasks.nms import Detections
from opendr_perception.training.people.sprites import Sprite

HEIGHTS = (30.0, 70.0)
"""Pixels of the people in a crop; larger and smaller ones are left to other scales of the image."""
ON_BODY = 0.35
"""Part of a person's height by which the middle of a window may be off the middle of the body."""
BESIDE = 6.0
"""Pixels of a crop between its middle and a body, from which on nobody is in its middle."""
KINDS = {"ground": 0.35, "things": 0.3, "edges": 0.35}
"""Probability of each kind of crop without a person."""
MOVED = 12.0
"""Mean difference of grey from the film's background, above which a box holds somebody who moved."""
SURE = 0.5
"""Score above which a detection is a person, if it moved."""


@dataclass(frozen=True)
class Crops:
    """Examples.

    Args:
        pixels: (n, 64, 64, 3) uint8 BGR.
        labels: (n,) bool, whether there is a person in the middle.
    """

    pixels: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def replaced(self, others: Crops, number: int) -> Crops:
        """The same number of crops, `number` with and as many without a person taken from `others`.

        Raises:
            ValueError: there are not so many.
        """
        pixels = self.pixels.copy()
        for label in (True, False):
            places, taken = np.flatnonzero(self.labels == label), np.flatnonzero(others.labels == label)
            if number > min(len(places), len(taken)):
                raise ValueError(f"{number} crops cannot be replaced: there are {len(places)} and {len(taken)}")
            pixels[places[:number]] = others.pixels[taken[:number]]
        return Crops(pixels, self.labels)


@dataclass(frozen=True)
class FilmFrames:
    """Frames of a fixed camera.

    Args:
        frames: (H, W, 3) uint8 BGR each.
        changes: (H, W) uint8 each, how much the grey differs from that of the background.
        people: (n, 4) boxes of those in each frame who certainly are people.
        doubtful: (m, 4) boxes of all that may be people.
    """

    frames: Sequence[np.ndarray]
    changes: Sequence[np.ndarray]
    people: Sequence[np.ndarray]
    doubtful: Sequence[np.ndarray]


def watch(frames: Sequence[np.ndarray], found: Sequence[Detections], background: np.ndarray) -> FilmFrames:
    """Find out who is certainly a person: what moved, so that posts and signs that were taken for people are none.

    Args:
        frames: (H, W, 3) uint8 BGR each.
        found: what a detector found in each, also with little certainty.
        background: (H, W, 3) uint8 BGR, without those who move.
    """
    grey = cv2.cvtColor(background, cv2.COLOR_BGR2GRAY)
    changes = [cv2.absdiff(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), grey) for frame in frames]
    people = []
    for change, detections in zip(changes, found, strict=True):
        moved = [_changed(change, box) for box in detections.boxes]
        people.append(detections.boxes[(detections.scores > SURE) & np.array(moved, bool)])
    return FilmFrames(frames, changes, people, [detections.boxes for detections in found])


def synthetic(seed: int, count: int, sprites: Sequence[Sprite], photographs: Sequence[np.ndarray]) -> Crops:
    """Crops with rendered people and as many without; the k-th is always the same."""
    pixels = np.empty((count, WINDOW, WINDOW, 3), np.uint8)
    labels = np.arange(count) % 2 == 0
    for k, label in enumerate(labels):
        rng = np.random.default_rng((seed, k))
        canvas = _ground(rng, photographs)
        kind = "people" if label else str(rng.choice(list(KINDS), p=list(KINDS.values())))
        if kind == "things":
            for _ in range(rng.integers(1, 4)):
                _paste(canvas, *_thing(rng), _place(rng, 0))
        elif kind != "ground":
            if rng.random() < 0.3:
                _add_person(rng, canvas, sprites, middle=False)  # behind
            _add_person(rng, canvas, sprites, middle=kind == "people")
        pixels[k] = _develop(rng, canvas)
    return Crops(pixels, labels)


def real(seed: int, count: int, film: FilmFrames, columns: tuple[int, int]) -> Crops:
    """Windows of a film, with people and without, at most `count`.

    Args:
        seed: of what is drawn.
        count: half of them show somebody.
        film: where to take them.
        columns: the part of the images, from left to right, that windows may lie in.
    """
    rng = np.random.default_rng(seed)
    found: dict[bool, list[np.ndarray]] = {True: [], False: []}
    for _ in range(20 * count):
        label = bool(rng.random() < 0.5)
        if len(found[label]) >= count // 2:
            continue
        k = int(rng.integers(len(film.frames)))
        window = _window(rng, film, k, label)
        if window is not None and columns[0] <= window[0] and window[2] <= columns[1]:
            crop, _ = crop_resize(Image(film.frames[k], "bgr8"), window, (WINDOW, WINDOW))
            found[label].append(crop)
    number = min(map(len, found.values()))
    pixels = np.empty((2 * number, WINDOW, WINDOW, 3), np.uint8)
    labels = np.arange(2 * number) % 2 == 0
    for label in (True, False):
        pixels[labels == label] = np.reshape(found[label][:number], (number, WINDOW, WINDOW, 3))
    return Crops(pixels, labels)


def _window(
    rng: np.random.Generator, film: FilmFrames, k: int, label: bool
) -> tuple[float, float, float, float] | None:
    """A square of a frame that shows somebody or nobody, as it is wanted; None if this draw gives none."""
    people = film.people[k]
    if not len(people):
        return None
    height, width = film.changes[k].shape
    box = people[int(rng.integers(len(people)))]
    scale = rng.uniform(*HEIGHTS) / (box[3] - box[1])
    centre = rng.uniform((0, 0), (width, height))
    if label or rng.random() < 0.5:
        centre = (box[:2] + box[2:]) / 2 - _offset(rng, (box[2:] - box[:2]) * scale, label) / scale
    half = WINDOW / 2 / scale
    window = (*(centre - half), *(centre + half))
    if min(window[:2]) < 0 or window[2] > width or window[3] > height:
        return None
    if not label:
        boxes, margin = film.doubtful[k], BESIDE / scale
        taken = ((centre > boxes[:, :2] - margin) & (centre < boxes[:, 2:] + margin)).all(axis=1).any()
        if taken or _changed(film.changes[k], np.array([*(centre - half / 4), *(centre + half / 4)])):
            return None
    return window


def _changed(change: np.ndarray, box: np.ndarray) -> bool:
    """True if something in a box is not part of the background."""
    left, top, right, bottom = np.clip(np.round(box), 0, [*change.shape[::-1]] * 2).astype(int)
    return bool(change[top : max(bottom, top + 1), left : max(right, left + 1)].mean() > MOVED)


def _add_person(rng: np.random.Generator, canvas: np.ndarray, sprites: Sequence[Sprite], middle: bool) -> None:
    sprite = sprites[int(rng.integers(len(sprites)))]
    height = rng.uniform(*HEIGHTS)
    size = (max(3, round(sprite.opacity.shape[1] * height / sprite.opacity.shape[0])), round(height))
    flip = slice(None, None, rng.choice([-1, 1]))
    body = cv2.resize(sprite.pixels, size, interpolation=cv2.INTER_AREA)[:, flip]
    mask = cv2.resize(sprite.opacity, size, interpolation=cv2.INTER_AREA)[:, flip]
    place = WINDOW / 2 + _offset(rng, np.array(size, float), middle)
    _paste(canvas, _dye(rng, body), mask, place)


def _offset(rng: np.random.Generator, size: np.ndarray, middle: bool) -> np.ndarray:
    """Offset of the middle of a body of that (width, height) from the middle of the window."""
    if middle:
        return np.array([rng.uniform(-0.3, 0.3) * size[0], rng.uniform(-ON_BODY, ON_BODY) * size[1]])
    nearest, farthest = size / 2 + BESIDE, size / 2 + WINDOW / 2 - 4
    offset = rng.uniform(-farthest, farthest)
    axis = int(rng.random() < 0.4)  # the one along which it is beside
    offset[axis] = rng.choice([-1, 1]) * rng.uniform(nearest[axis], max(nearest[axis], farthest[axis]))
    return np.asarray(offset)


def _place(rng: np.random.Generator, margin: float) -> np.ndarray:
    return rng.uniform(margin, WINDOW - margin, 2)


def _dye(rng: np.random.Generator, body: np.ndarray) -> np.ndarray:
    """Other light and other clothes: a gain for each colour, and stripes or patches on some."""
    dyed = body * rng.uniform(0.5, 1.5) * rng.uniform(0.8, 1.2, 3)
    if rng.random() < 0.5:
        cells = rng.integers(2, 12, 2)
        pattern = rng.uniform(0.6, 1.4, (*cells, 1)).astype(np.float32)
        dyed = dyed * np.asarray(cv2.resize(pattern, body.shape[1::-1], interpolation=cv2.INTER_LINEAR))[..., None]
    return np.clip(dyed, 0, 255)


def _thing(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and opacity of something that is no person: a post, a bar, a cone, a stone, a sign."""
    width, height = (int(side) for side in np.exp(rng.uniform(np.log(3), np.log(60), 2)))
    mask = np.zeros((height, width), np.uint8)
    kind = rng.integers(3)
    if kind == 0:
        mask[:] = 255
    elif kind == 1:
        cv2.ellipse(mask, (width // 2, height // 2), (width // 2, height // 2), 0, 0, 360, 255, -1)
    else:
        corners = rng.uniform(0, 1, (int(rng.integers(3, 6)), 2)) * (width, height)
        cv2.fillConvexPoly(mask, cv2.convexHull(corners.astype(np.int32)), 255)
    colours = rng.uniform(10, 245) + rng.normal(0, 35, (*rng.integers(1, 4, 2), 3))
    pixels = cv2.resize(colours.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(pixels + rng.normal(0, rng.uniform(0, 12), pixels.shape), 0, 255), mask


def _paste(canvas: np.ndarray, pixels: np.ndarray, mask: np.ndarray, middle: np.ndarray) -> None:
    """Paste pixels (h, w, 3) with their middle at (x, y)."""
    height, width = mask.shape
    left, top = (int(edge) for edge in np.round(middle - (width / 2, height / 2)))
    edges = ((top, top + height), (left, left + width))
    rows, columns = (slice(*np.clip(pair, 0, WINDOW)) for pair in edges)
    inner = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    if canvas[rows, columns].size:
        share = mask[inner][..., None] / 255
        canvas[rows, columns] = pixels[inner] * share + canvas[rows, columns] * (1 - share)


def _ground(rng: np.random.Generator, photographs: Sequence[np.ndarray]) -> np.ndarray:
    """A part of a photograph at any scale, or a surface that is made up: (64, 64, 3) float."""
    if photographs and rng.random() < 0.8:
        whole = photographs[int(rng.integers(len(photographs)))]
        side = int(min(WINDOW * np.exp(rng.uniform(np.log(0.5), np.log(8))), *whole.shape[:2]))
        top, left = (int(rng.integers(length - side + 1)) for length in whole.shape[:2])
        part = whole[top : top + side, left : left + side]
        ground = cv2.resize(part, (WINDOW, WINDOW), interpolation=cv2.INTER_AREA).astype(np.float32)
        ground = ground[:, :: int(rng.choice([-1, 1]))]
        return np.asarray(np.clip(ground * rng.uniform(0.5, 1.3) * rng.uniform(0.9, 1.1, 3), 0, 255))
    colours = rng.uniform(20, 235) + rng.normal(0, 25, (*rng.integers(1, 7, 2), 3))
    smooth = cv2.resize(colours.astype(np.float32), (WINDOW, WINDOW), interpolation=cv2.INTER_LINEAR)
    return np.clip(smooth + rng.normal(0, rng.uniform(0, 15), smooth.shape), 0, 255)


def _develop(rng: np.random.Generator, pixels: np.ndarray) -> np.ndarray:
    """Apply the effects of lens, sensor and compression: blur, contrast, noise, blocks."""
    if rng.random() < 0.7:
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, 1.3))
    grey = pixels.mean()
    pixels = (pixels - grey) * rng.uniform(0.6, 1.3) + grey * rng.uniform(0.7, 1.25)
    pixels = pixels + rng.normal(0, rng.uniform(0, 8), pixels.shape)
    developed = np.clip(pixels, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))]
        return np.asarray(cv2.imdecode(cv2.imencode(".jpg", developed, quality)[1], cv2.IMREAD_COLOR), np.uint8)
    return developed
