"""Falls in hours of a drawn figure that walks, bends, sits, kneels and lies down to sleep, seen from all sides.

Keypoints are those of a stick figure in space, with noise and gaps, and no image; the fusion is that of the node, and
has no actions of a network to go by. Real clips of falls are measured by `evaluate people`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from opendr_perception.bench.harness.figure import Figure, larger_is_better, smaller_is_better
from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.fusion import Sight, build
from opendr_perception.tasks.nms import Detections

CASE = "people"
RECALL, FALSE = 95.0, 1.0
"""Per cent of falls with an event, and events an hour without one, that are good enough."""
RATE = 10.0
SIZE, FOCAL, ABOVE = (640, 480), 550.0, 1.3
"""Of the camera: pixels, and m above the floor."""
NOISE, GAPS = 0.015, 0.05
"""Of keypoints, standard deviation over the height of the figure; and how often one is not seen."""
WITHIN = 3.0
"""Seconds from the begin of a fall in which its event counts."""

Angles = tuple[float, float, float, float]
"""Posture: height of the hips, m; angles of the trunk from above, of thighs and shins from below, to the front, deg."""

STAND: Angles = (0.88, 0, 0, 0)
DAILY: dict[str, tuple[tuple[Angles, float, float], ...]] = {
    "bend": (((0.86, 100, 5, 0), 0.6, 1.5),),
    "sit": (((0.45, 5, 90, 0), 0.8, 6.0),),
    "sit on the floor": (((0.12, -15, 80, 85), 1.8, 5.0),),
    "kneel": (((0.45, 10, 0, -90), 0.8, 3.0),),
    "squat": (((0.35, 35, 115, -30), 0.6, 1.5),),
    "sleep": (((0.45, 5, 90, 0), 1.2, 2.0), ((0.45, -88, 90, 90), 2.5, 20.0), ((0.45, 5, 90, 0), 2.0, 2.0)),
    "stand": ((STAND, 0.5, 6.0),),
}
"""Postures in turn, each with the seconds until it is reached and those for which it is kept; standing follows."""
LYING: tuple[Angles, ...] = ((0.14, 88, -90, -90), (0.14, -88, 90, 90), (0.14, 85, -70, -110), (0.14, -85, 60, 100))
"""Ends of falls: to the front and back, with straight and bent legs; the camera's side makes them sideways, too."""


@dataclass(frozen=True)
class DrawnImage:
    """One image of the figure.

    Args:
        keypoints: (17, 3) in the order of COCO.
        falls: true in the image in which a fall begins.
    """

    keypoints: np.ndarray
    falls: bool


def falls(hours: float, seed: int = 0) -> list[Figure]:
    """Let so many hours go by, with a fall every other minute or so."""
    begun: list[float] = []
    told: list[float] = []
    perceiver, time = build(), 1.0
    memory = perceiver.new_memory()
    for number, moment in enumerate(life(round(hours * 3600 * RATE), np.random.default_rng(seed))):
        time = 1 + number / RATE
        if moment.falls:
            begun.append(time)
        report = perceiver(_sight(moment.keypoints), memory, time)
        told += [time for event in report.events if event.kind == "fall" and event.begins]
    found = sum(any(0 <= at - begin <= WITHIN for at in told) for begin in begun)
    wrong = sum(not any(0 <= at - begin <= WITHIN for begin in begun) for at in told)
    share = 100 * found / max(1, len(begun))
    return [
        larger_is_better(CASE, "falls of a drawn figure with an event", "%", share, RECALL),
        smaller_is_better(CASE, "events of falls without one", "1/h", wrong / hours, FALSE),
    ]


def life(images: int, rng: np.random.Generator) -> Iterator[DrawnImage]:
    """So many images of somebody who does one thing after the other, and falls now and then."""
    shown = 0
    while shown < images:
        azimuth, far, side = rng.uniform(-math.pi, math.pi), rng.uniform(2.6, 5.0), rng.uniform(-0.5, 0.5)
        for angles, falling in _episode(rng):
            if shown < images:
                yield DrawnImage(_seen(_figure(angles, azimuth, far, side), rng), falling)
            shown += 1
            azimuth += rng.normal(0, 0.02)


def _episode(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, bool]]:
    """Standing, one thing that is done, and standing again: angles, and whether a fall begins."""
    now = np.array(STAND, float)
    yield from ((now, False) for _ in range(round(rng.uniform(1, 4) * RATE)))
    fall = rng.random() < 0.2
    if fall:
        ends = LYING[rng.integers(len(LYING))]
        steps = [(ends, rng.uniform(0.5, 1.0), rng.uniform(3, 8)), ((0.45, 10, 0, -90), 2.0, 1.0)]
    else:
        name = str(rng.choice(list(DAILY)))
        steps = [
            (angles, rng.uniform(0.8, 1.3) * way, rng.uniform(0.5, 1.5) * stay) for angles, way, stay in DAILY[name]
        ]
    for number, (goal, way, stay) in enumerate([*steps, (STAND, rng.uniform(1.0, 1.8), 1.0)]):
        begin, end = now, np.array(goal, float)
        count = max(1, round(way * RATE))
        for step in range(count):
            share = (step + 1) / count
            eased = share**2 if fall and number == 0 else share**2 * (3 - 2 * share)  # who falls becomes faster
            yield begin + eased * (end - begin), fall and number == 0 and step == 0
        now = end
        yield from ((now, False) for _ in range(round(stay * RATE)))


def _figure(angles: np.ndarray, azimuth: float, far: float, side: float) -> np.ndarray:
    """Keypoints (17, 2) in the image of a figure that far away, turned about the vertical by an azimuth."""
    height = angles[0]
    trunk, thigh, shin = np.radians(angles[1:])
    up = np.array([math.sin(trunk), math.cos(trunk)])  # forward, up
    hips = np.array([0.0, height])
    shoulders = hips + 0.5 * up
    knees = hips + 0.42 * np.array([math.sin(thigh), -math.cos(thigh)])
    ankles = knees + 0.42 * np.array([math.sin(shin), -math.cos(shin)])
    nose = shoulders + 0.22 * up + 0.1 * np.array([up[1], -up[0]])
    elbows = shoulders - 0.28 * up + (0.03, 0)
    wrists = elbows - 0.22 * up + (0.08, 0)
    plane = [nose, nose + 0.03 * up, nose + 0.03 * up, shoulders + 0.22 * up, shoulders + 0.22 * up]
    plane += [each for pair in (shoulders, elbows, wrists, hips, knees, ankles) for each in (pair, pair)]
    aside = [0, 0.03, -0.03, 0.08, -0.08]
    aside += [way * width for width in (0.18, 0.24, 0.25, 0.11, 0.12, 0.12) for way in (1, -1)]
    forward, upward = np.array(plane).T
    left = np.array(aside)
    x = side - forward * math.sin(azimuth) + left * math.cos(azimuth)
    z = far - forward * math.cos(azimuth) - left * math.sin(azimuth)
    y = ABOVE - np.maximum(upward, 0.05)
    return np.stack([SIZE[0] / 2 + FOCAL * x / z, SIZE[1] / 2 + FOCAL * y / z], axis=1)


def _seen(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Keypoints (17, 3) as a network sees them."""
    tall = max(float(np.ptp(points, axis=0).max()), 1.0)
    scores = np.where(rng.random(17) < GAPS, 0.1, rng.uniform(0.5, 0.9, 17))
    return np.concatenate([points + rng.normal(0, NOISE * tall, points.shape), scores[:, None]], axis=1)


def _sight(keypoints: np.ndarray) -> Sight:
    low, high = keypoints[:, :2].min(axis=0) - 8, keypoints[:, :2].max(axis=0) + 8
    box = np.clip(np.concatenate([low, high]), 0, [*SIZE, *SIZE]).astype(np.float32)[None]
    people = Detections(box, np.array([0.9], np.float32))
    poses = Poses(people, keypoints[None].astype(np.float32), tracks=["1"])
    return Sight("", SIZE, people, ["1"], None, poses)
