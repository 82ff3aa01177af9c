"""Heatmaps of human presence against boxes of people."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.measures import auroc, by_subject
from opendr_perception.evaluate.people.sets import LabelledPeople, people_set
from opendr_perception.evaluate.report import Report
from opendr_perception.tasks.imaging import Heatmap, to_bgr
from opendr_perception.tasks.presence import HumanPresence

THRESHOLD = 0.95
"""From which on the node draws boxes; docs/human-presence.md uses it too."""
HEIGHTS = (0, 32, 64, 128, 256, 10_000)
"""Bounds of the groups of people by their height, pixels."""
SAMPLE = 2000
"""Cells of an image that the ROC curve takes of each kind."""

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ImageCells:
    """Cells of one heatmap, and the people that they are about.

    Attributes:
        heat: (n,) the largest value within the box of each person.
        heights: (n,) of the boxes, pixels.
        inside: values of cells within boxes.
        outside: values of the others; of people to be ignored neither.
        hot: share of the others that reach THRESHOLD.
    """

    heat: Floats
    heights: Floats
    inside: Floats
    outside: Floats
    hot: float


def evaluate_presence(dataset: Path, session: Session, part: str) -> Report:
    """Measure a network that tells where people are, with the default scales of the node.

    Args:
        dataset: a set that `evaluate persons` reads.
        session: the network.
        part: 'test', 'train' or 'all', as of persons; nothing was chosen on any.

    Raises:
        DatasetError: the data cannot be used.
    """
    images, presence = people_set(dataset), HumanPresence(session)
    wanted, rng = set(images.numbers(part)), np.random.default_rng(0)
    found = [
        cells_of(presence(to_bgr(image)), images.labels[number], rng)
        for number, image in images.frames()
        if number in wanted
    ]
    report = Report(f"presence: {images.name}, {part}")
    report.count("images", len(found))
    heat, heights = (np.concatenate([getattr(one, name) for one in found]) for name in ("heat", "heights"))
    names = np.concatenate([np.full(len(one.heat), f"{k}") for k, one in enumerate(found)])
    report.count("people", len(heat))
    report.add(f"people found at {THRESHOLD}", *by_subject(heat >= THRESHOLD, names))
    hot = np.array([one.hot for one in found])
    report.add("of the rest of the image, hot", *by_subject(hot, np.array([f"{k}" for k in range(len(hot))])))
    inside, outside = (np.concatenate([getattr(one, name) for one in found]) for name in ("inside", "outside"))
    if len(inside) and len(outside):
        values, truth = np.concatenate([inside, outside]), np.arange(len(inside) + len(outside)) < len(inside)
        report.add("area under ROC of cells", auroc(values, truth))
        report.chances["cells within boxes"] = (values, truth)
    report.table("found, by height in pixels", _by_height(heat >= THRESHOLD, heights))
    return report


def cells_of(heatmap: Heatmap, people: LabelledPeople, rng: np.random.Generator) -> ImageCells:
    """The cells of a heatmap inside and outside of labelled people."""
    rows, columns = heatmap.values.shape
    ys, xs = (np.arange(count) * heatmap.stride + heatmap.offset for count in (rows, columns))
    taken = np.zeros((rows, columns), bool)
    person = np.zeros((rows, columns), bool)
    heat = np.zeros(len(people.boxes))
    for k, (x_min, y_min, x_max, y_max) in enumerate(people.boxes):
        here = np.outer((ys >= y_min) & (ys <= y_max), (xs >= x_min) & (xs <= x_max))
        heat[k] = heatmap.values[here].max(initial=0.0)
        taken |= here
        if not people.ignored[k]:
            person |= here
    counted = ~people.ignored
    outside = heatmap.values[~taken].astype(np.float64)
    return ImageCells(
        heat[counted],
        (people.boxes[:, 3] - people.boxes[:, 1])[counted],
        _some(heatmap.values[person].astype(np.float64), rng),
        _some(outside, rng),
        float((outside >= THRESHOLD).mean()) if outside.size else 0.0,
    )


def _some(values: Floats, rng: np.random.Generator) -> Floats:
    return values if len(values) <= SAMPLE else rng.choice(values, SAMPLE, replace=False)


def _by_height(found: Mask, heights: Floats) -> dict[str, float]:
    there = {f"{low} to {high}": (heights >= low) & (heights < high) for low, high in pairwise(HEIGHTS)}
    last = f" to {HEIGHTS[-1]}"
    return {name.replace(last, " and more"): float(found[these].mean()) for name, these in there.items() if these.any()}
