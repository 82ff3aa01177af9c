"""Methods of non-maximum suppression against each other, on the real candidates of labelled images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.people.detection import WEAKEST, add, judge
from opendr_perception.evaluate.people.sets import people_set
from opendr_perception.evaluate.report import Report
from opendr_perception.tasks.nms import ClusterNms, Greedy, LearnedNms, SoftNms, Suppressor
from opendr_perception.tasks.people import PersonDetector
from opendr_perception.zoo import store

LEARNED = {"seq2seq_geom": "nms-geom", "fseq2": "nms-fseq2"}


def evaluate_nms(dataset: Path, model: Session, part: str) -> Report:
    """Measure every method that comes with the package.

    Args:
        dataset: A set that `people_set` reads.
        model: A person detector; `fseq2` is left out where it gives no features.
        part: 'train', 'test' or 'all'.

    Raises:
        DatasetError: The data cannot be used.
    """
    images = people_set(dataset)
    report = Report(f"nms: {images.name}, {part}")
    detector = PersonDetector(model)
    threshold = detector.score_threshold
    detector.score_threshold = WEAKEST
    for name, method in methods(detector.has_features).items():
        detector.nms = method
        add(report, name, judge(images, part, detector), threshold)
    return report


def methods(features: bool) -> Mapping[str, Suppressor]:
    """All methods by the names that the parameter `nms` has for them."""
    found: dict[str, Suppressor] = {
        "greedy": Greedy(),
        "soft": SoftNms(),
        "cluster": ClusterNms(distance=True),
    }
    for name, weights in LEARNED.items():
        if features or name != "fseq2":
            found[name] = LearnedNms(Session(store.require(weights).path, threads=1))
    return found
