"""Crowds from above, as drones and high masts see them, in environments of which some are never trained on.

AUTH-Persons [Symeonidis 2023] was filmed in ten places from drones, and is split by place: a method shall be right
where it has never been. Here each environment has its own range of heights and angles of the camera, its own way in
which people stand, and its own detector; the split is by environment too. Boxes only, no images.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.nms.box_graph import candidates
from opendr_perception.training.nms.simulate import (
    HARD,
    STANDARD,
    CrowdModel,
    CrowdScene,
    inside,
    propose,
    visible_parts,
)

LAYOUTS = ("groups", "queue", "ring", "everywhere")
TALL, WIDE = 1.7, 0.55
"""m, of a person and of their arms; the box from above is between both."""
LEAST_SEEN = 0.12


@dataclass(frozen=True)
class Environment:
    """Place in which a camera looks down at people.

    Args:
        name: of the place.
        height: least and largest, of the camera above the ground, m.
        pitch: least and largest angle of its axis below the horizon, rad.
        view: vertical field of view, rad.
        layout: how people stand, one of LAYOUTS.
        people: fewest and most of them.
        spread: m, between neighbours.
        size: width and height of the image, pixels.
        detector: how its scores and its doubtful boxes come about, as in CrowdModel.
    """

    name: str
    height: tuple[float, float]
    pitch: tuple[float, float]
    layout: str
    people: tuple[int, int]
    spread: float
    view: float = math.radians(45)
    size: tuple[int, int] = (1280, 720)
    detector: CrowdModel = STANDARD

    @property
    def focal(self) -> float:
        """Focal length, pixels."""
        return self.size[1] / 2 / math.tan(self.view / 2)


def _degrees(low: float, high: float) -> tuple[float, float]:
    return math.radians(low), math.radians(high)


SEEN = (
    Environment("square", (8, 14), _degrees(25, 40), "groups", (14, 35), 0.6),
    Environment("station", (5, 8), _degrees(20, 35), "everywhere", (16, 39), 1.0, detector=HARD),
    Environment("gate", (6, 10), _degrees(30, 50), "queue", (12, 30), 0.55),
    Environment("market", (10, 18), _degrees(35, 55), "groups", (20, 45), 0.5, size=(1920, 1080), detector=HARD),
    Environment("campus", (12, 25), _degrees(40, 60), "everywhere", (8, 25), 1.6),
    Environment("concert", (9, 16), _degrees(25, 45), "ring", (20, 45), 0.5, detector=HARD),
    Environment("beach", (15, 30), _degrees(30, 55), "groups", (10, 30), 0.9, size=(1920, 1080)),
)
"""Those that are learned from."""
UNSEEN = (
    Environment("stairs", (7, 10), _degrees(40, 65), "queue", (14, 32), 0.45, view=math.radians(60), detector=HARD),
    Environment("stadium", (25, 45), _degrees(20, 35), "ring", (25, 50), 0.6, view=math.radians(25), size=(3840, 2160)),
    Environment("alley", (9, 15), _degrees(55, 75), "groups", (12, 35), 0.4, size=(1280, 720)),
)
"""Those that are not: other heights, angles, lenses and densities."""


def aerial_scenes(seed: int, count: int, environments: Sequence[Environment]) -> list[CrowdScene]:
    """So many scenes, of the environments in turn; each is the same whenever it is asked for."""
    return [make_aerial(np.random.default_rng((seed, k)), environments[k % len(environments)]) for k in range(count)]


def make_aerial(rng: np.random.Generator, place: Environment) -> CrowdScene:
    """People as a camera in the air sees them, and a detector's candidates for them."""
    people, visible = stand(rng, place)
    boxes, scores = propose(rng, _detector(place), people, visible)
    chosen = candidates(boxes, scores)
    return CrowdScene(people, visible, boxes[chosen], scores[chosen], place.size)


def stand(rng: np.random.Generator, place: Environment) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (G, 4) of people on the ground, far ones first, and how much of each (G,) can be seen."""
    height, pitch = rng.uniform(*place.height), rng.uniform(*place.pitch)
    away = height / math.tan(pitch)  # from below the camera to where its axis meets the ground
    count = int(rng.integers(place.people[0], place.people[1] + 1))
    ground = _LAYOUTS[place.layout](rng, count, place.spread) + np.array([away, 0.0])
    people = project(ground, rng.normal(TALL, 0.1, count), height, pitch, place)
    people = inside(people[np.argsort(people[:, 3], kind="stable")], place.size)
    sides = people[:, 2:] - people[:, :2]
    people = people[(sides > [4, 8]).all(1)]
    visible = visible_parts(people, place.size)
    return people[visible > LEAST_SEEN], visible[visible > LEAST_SEEN]


def project(ground: np.ndarray, tall: np.ndarray, height: float, pitch: float, place: Environment) -> np.ndarray:
    """Boxes (n, 4) in pixels of upright people.

    Args:
        ground: (n, 2) where they stand: m ahead of the point below the camera, and to its left.
        tall: (n,) m.
        height: of the camera, m.
        pitch: of its axis below the horizon, rad.
        place: its lens.
    """
    half = WIDE / 2
    corners = np.array([(a, b, c) for a in (-half, half) for b in (-half, half) for c in (0.0, 1.0)])
    points = np.concatenate([ground, np.zeros((len(ground), 1))], 1)[:, None] + corners * [0.6, 1, 0]
    points[..., 2] = corners[:, 2] * tall[:, None]
    c, s = math.cos(pitch), math.sin(pitch)
    below = height - points[..., 2]
    depth = points[..., 0] * c + below * s
    down = below * c - points[..., 0] * s
    depth = np.maximum(depth, 0.1)
    u = place.size[0] / 2 - place.focal * points[..., 1] / depth
    v = place.size[1] / 2 + place.focal * down / depth
    return np.stack([u.min(1), v.min(1), u.max(1), v.max(1)], 1)


def _groups(rng: np.random.Generator, count: int, spread: float) -> np.ndarray:
    middles = rng.uniform([-4, -5], [4, 5], (int(rng.integers(2, 5)), 2))
    return middles[rng.integers(len(middles), size=count)] + rng.normal(0, 1.6 * spread, (count, 2))


def _queue(rng: np.random.Generator, count: int, spread: float) -> np.ndarray:
    """In one to three lines, one behind the other."""
    lines, angle = int(rng.integers(1, 4)), rng.uniform(-math.pi, math.pi)
    along = (np.arange(count) // lines - count / lines / 2) * spread * 1.2
    beside = (np.arange(count) % lines) * 1.2 * spread + rng.normal(0, 0.15, count)
    c, s = math.cos(angle), math.sin(angle)
    return np.column_stack([c * along - s * beside, s * along + c * beside])


def _ring(rng: np.random.Generator, count: int, spread: float) -> np.ndarray:
    """Around a stage, in rows."""
    inner = rng.uniform(1.5, 3.5)
    radius = inner + np.abs(rng.normal(0, 3 * spread, count))
    angle = rng.uniform(-math.pi, math.pi, count)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _everywhere(rng: np.random.Generator, count: int, spread: float) -> np.ndarray:
    side = spread * math.sqrt(count) * 1.2
    return rng.uniform(-side, side, (count, 2))


_LAYOUTS = {"groups": _groups, "queue": _queue, "ring": _ring, "everywhere": _everywhere}


def _detector(place: Environment) -> CrowdModel:
    """The detector of an environment, for images of its size: what it takes for people by mistake lies anywhere."""
    kind = place.detector
    return CrowdModel(place.size, -0.6, certainty=kind.certainty, doubt=kind.doubt, merged=kind.merged, height=0.06)
