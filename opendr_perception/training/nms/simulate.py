"""Synthetic crowds: people on the ground before a camera, and what a detector would propose for them.

Boxes only, no images. People hide each other as much as in CrowdHuman: about a fifth of them overlap a neighbour by
more than half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.nms import FeatureMap, pairwise_iou
from opendr_perception.tasks.nms.box_graph import candidates

CELL = 4
"""Pixels of the raster on which it is decided who hides whom."""


@dataclass(frozen=True)
class CrowdModel:
    """Model of a crowd and of a detector that sees it; lengths as fractions of the image's height.

    Args:
        size: width and height of the image in pixels.
        horizon: how far down it lies.
        people: fewest and most of them.
        spread: standard deviation of the distance to the middle of a group, in body heights.
        height: of a body, as a fraction of the distance from its feet up to the horizon.
        certainty: bias of the logit of a score, and what a perfect overlap adds.
        doubt: standard deviation of the logit from box to box.
        merged: mean number of boxes between two people who overlap, and the mean of their logits.
    """

    size: tuple[int, int] = (1280, 720)
    horizon: float = 0.25
    people: tuple[int, int] = (14, 35)
    spread: float = 0.5
    height: float = 0.62
    certainty: tuple[float, float] = (-2.6, 4.2)
    doubt: float = 0.5
    merged: tuple[float, float] = (1.2, -0.9)


STANDARD = CrowdModel()
HARD = CrowdModel(people=(16, 39), spread=0.3, certainty=(-1.6, 2.2), doubt=0.9, merged=(2.5, -0.3))


@dataclass(frozen=True)
class CrowdScene:
    """One image's worth of boxes.

    Args:
        people: (G, 4) whole bodies of those who can be seen, x_min, y_min, x_max, y_max in pixels.
        visible: (G,) which part of each is not hidden.
        boxes: (N, 4) candidates, best first.
        scores: (N,) of the candidates.
        size: width and height of the image.
        features: the detector's map, where there is a detector that has one.
    """

    people: np.ndarray
    visible: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    size: tuple[int, int]
    features: FeatureMap | None = None


def make_scene(rng: np.random.Generator, crowd: CrowdModel) -> CrowdScene:
    """People, and a detector's candidates for them."""
    people, visible = stand(rng, crowd)
    boxes, scores = propose(rng, crowd, people, visible)
    chosen = candidates(boxes, scores)
    return CrowdScene(people, visible, boxes[chosen], scores[chosen], crowd.size)


def stand(rng: np.random.Generator, crowd: CrowdModel) -> tuple[np.ndarray, np.ndarray]:
    """Boxes of people in groups and alone, far ones first, and how much of each can be seen."""
    width, height = crowd.size
    count = int(rng.integers(crowd.people[0], crowd.people[1] + 1))
    groups = rng.integers(2, 5)
    middles = np.column_stack([rng.uniform(100, width - 100, groups), rng.uniform(0.45, 0.95, groups) * height])
    member, alone = rng.integers(groups, size=count), rng.random(count) < 0.2
    feet = np.where(
        alone,
        rng.uniform(0.42, 0.99, count) * height,
        np.clip(middles[member, 1] + rng.normal(0, 8, count), 0.4 * height, 0.99 * height),
    )
    tall = (feet - crowd.horizon * height) * crowd.height * rng.uniform(0.88, 1.12, count)
    beside = middles[member, 0] + rng.normal(0, crowd.spread, count) * tall
    x = np.where(alone, rng.uniform(30, width - 30, count), beside)
    half = tall * np.clip(rng.normal(0.41, 0.05, count), 0.28, 0.6) / 2
    people = inside(np.column_stack([x - half, feet - tall, x + half, feet]), crowd.size)
    people = people[np.argsort(people[:, 3], kind="stable")]
    people = people[(people[:, 2] - people[:, 0] > 8) & (people[:, 3] - people[:, 1] > 20)]
    visible = visible_parts(people, crowd.size)
    return people[visible > 0.12], visible[visible > 0.12]


def visible_parts(people: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Share of each box (G, 4) that is not covered by later ones."""
    front = np.full((size[1] // CELL + 1, size[0] // CELL + 1), -1)
    places = [
        (slice(y_min, y_max + 1), slice(x_min, x_max + 1)) for x_min, y_min, x_max, y_max in (people / CELL).astype(int)
    ]
    for number, place in enumerate(places):
        front[place] = number
    return np.array([(front[place] == number).mean() for number, place in enumerate(places)])


def propose(
    rng: np.random.Generator, crowd: CrowdModel, people: np.ndarray, visible: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate the candidates of a detector: several boxes for each person, some between two, and some of nothing."""
    parts = [_around(rng, crowd, people, visible), _between(rng, crowd, people), _background(rng, crowd)]
    boxes = inside(np.concatenate([part for part, _ in parts]), crowd.size)
    logits = np.concatenate([logits for _, logits in parts])
    return boxes, 1 / (1 + np.exp(-logits))


def _around(
    rng: np.random.Generator, crowd: CrowdModel, people: np.ndarray, visible: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    owner = np.repeat(np.arange(len(people)), rng.poisson(3 + 9 * visible))
    ease = rng.normal(0, 0.5, len(people))
    bias = rng.normal(0, 0.05, (len(people), 4)) * (1.6 - visible)[:, None]
    error = rng.normal(0, 0.10, (len(owner), 4)) * (1.5 - 0.5 * visible)[owner, None] + bias[owner]
    sides = (people[:, 2:] - people[:, :2])[owner]
    centres = (people[:, :2] + people[:, 2:])[owner] / 2 + sides * error[:, :2] * [1, 0.6]
    sides = sides * np.exp(error[:, 2:] * [1, 0.7])
    boxes = np.concatenate([centres - sides / 2, centres + sides / 2], axis=1)
    overlap = pairwise_iou(boxes, people)[np.arange(len(owner)), owner]
    bias_of_score, gain = crowd.certainty
    logits = bias_of_score + gain * (overlap - 0.4) / 0.6 + 2.2 * (visible - 0.4)[owner] + ease[owner]
    return boxes, logits + rng.normal(0, crowd.doubt, len(owner))


def _between(rng: np.random.Generator, crowd: CrowdModel, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    one, other = np.nonzero(np.triu(pairwise_iou(people, people), 1) > 0.2)
    rate, mean = crowd.merged
    pair = np.repeat(np.arange(len(one)), rng.poisson(rate, len(one)))
    a, b = people[one[pair]], people[other[pair]]
    share = rng.uniform(0.3, 0.7, (len(pair), 1))
    union = np.concatenate([np.minimum(a, b)[:, :2], np.maximum(a, b)[:, 2:]], axis=1)
    boxes = np.where(rng.random((len(pair), 1)) < 0.3, union, share * a + (1 - share) * b)
    return boxes + rng.normal(0, 3, boxes.shape), rng.normal(mean, 0.9, len(pair))


def _background(rng: np.random.Generator, crowd: CrowdModel) -> tuple[np.ndarray, np.ndarray]:
    width, height = crowd.size
    count = rng.poisson(12)
    feet = rng.uniform(0.35, 1, count) * height
    tall = np.maximum(25, (feet - crowd.horizon * height) * crowd.height * rng.uniform(0.6, 1.4, count))
    half = tall * rng.uniform(0.25, 0.8, count) / 2
    x = rng.uniform(0, width, count)
    return np.column_stack([x - half, feet - tall, x + half, feet]), rng.normal(-2.2, 0.9, count)


def inside(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Boxes (n, 4) clipped to the image."""
    return np.clip(boxes, 0, [*size, *size])
