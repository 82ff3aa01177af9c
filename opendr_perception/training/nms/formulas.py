"""Suppression by formulas, tuned: what learned suppression has to be better than."""

from __future__ import annotations

from collections.abc import Sequence

from opendr_perception.tasks.nms import Candidates, ClusterNms, Detections, Greedy, SoftNms, Suppressor
from opendr_perception.training.nms.average_precision import average_precision
from opendr_perception.training.nms.simulate import CrowdScene

FORMULAS: dict[str, Suppressor] = {
    **{f"Greedy {t}": Greedy(t) for t in (0.4, 0.45, 0.5, 0.55, 0.6)},
    **{f"Soft-NMS linear {t}": SoftNms(t) for t in (0.3, 0.35, 0.4, 0.45, 0.5, 0.55)},
    **{f"Soft-NMS Gaussian {s}": SoftNms(sigma=s) for s in (0.1, 0.2, 0.3, 0.4, 0.5)},
    **{f"Cluster D {t}": ClusterNms(t, distance=True) for t in (0.4, 0.45, 0.5, 0.55)},
    **{f"Cluster S {t}, {s}": ClusterNms(t, sigma=s) for t in (0.4, 0.5, 0.6) for s in (0.1, 0.2, 0.4)},
    **{f"Cluster S+D {t}, {s}": ClusterNms(t, s, distance=True) for t in (0.4, 0.5, 0.6) for s in (0.1, 0.2, 0.4)},
    **{f"Cluster S+D+W {t}": ClusterNms(t, 0.2, distance=True, weighted=True) for t in (0.4, 0.5, 0.6)},
}


def precision(method: Suppressor, data: Sequence[CrowdScene]) -> float:
    """AP0.5, in percent, of a method on scenes."""
    found = [method(Candidates(Detections(s.boxes, s.scores), s.size, s.features)) for s in data]
    pairs = [(detections.boxes, detections.scores) for detections in found]
    return 100 * float(average_precision(pairs, [s.people for s in data], [0.5])[0])


def best_formula(data: Sequence[CrowdScene]) -> str:
    """Name of the formula that is most precise on scenes."""
    return max(FORMULAS, key=lambda name: precision(FORMULAS[name], data))
