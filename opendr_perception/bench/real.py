"""Right on real, labelled data: the evaluations that the data at hand allow, beside their targets.

The data lie below `$OPENDR_DATA`, by default `../shared/data`, under the names of docs/evaluation.md; a set that is not
there is left out, and said. Each evaluation is that of `opendr-perception evaluate`, on the part that no training has
seen.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, larger_is_better, smaller_is_better
from opendr_perception.engine.session import Session
from opendr_perception.evaluate.command import CAPABILITIES
from opendr_perception.evaluate.report import Report
from opendr_perception.zoo import require

log = logging.getLogger(__name__)

CASE = "real"


@dataclass(frozen=True)
class Target:
    """One figure of a report.

    Args:
        name: of the figure.
        value: that is wanted.
        most: smaller figures are better.
        unit: of the figure.
    """

    name: str
    value: float
    most: bool = False
    unit: str = "share"


@dataclass(frozen=True)
class Evaluation:
    """One call of `evaluate`.

    Args:
        capability: as the command names it.
        place: of the data, below the folder of data.
        targets: what is read from the report.
        part: of the data.
        model: '' for the default one of the capability.
        quick: it takes seconds.
    """

    capability: str
    place: str
    targets: Sequence[Target]
    part: str = "test"
    model: str = ""
    quick: bool = False

    @property
    def label(self) -> str:
        """For the table."""
        name = Path(self.place).stem if self.capability != "expressions" else "fer2013"
        return f"{self.capability}, {name}, {self.part}"


def _actions(name: str, right: float) -> Evaluation:
    targets = [
        Target("streams: right of known actions", right),
        Target("streams: AUROC of unknown", 0.90),
        Target("streams: expected calibration error of answers", 0.05, most=True),
        Target("streams: median seconds to the right name", 1.0, most=True, unit="s"),
    ]
    return Evaluation("actions", f"skeletons/{name}.npz", targets)


_STRANGERS = [
    Target("random, 3 enrolled: false accepts", 0.005, most=True),
    Target("random, 3 enrolled: true accepts", 0.97),
    Target("film of 60 pixels, 3 together: true accepts", 0.90),
]
_PERSONS = [Target("standard: precision at 0.46", 0.88), Target("standard: recall at 0.46", 0.88)]
_TRACKS = [Target("every frame: IDF1", 0.80), Target("every other frame: IDF1", 0.80)]
_FACES = [
    Target("right", 0.66),
    Target("mean recall", 0.63),
    Target("expected calibration error", 0.05, most=True),
]

EVALUATIONS = (
    Evaluation("heart", "heart_yaseen", [Target("macro F1", 0.95)], model="heart-valves", quick=True),
    Evaluation("heart", "mitbih", [Target("ventricular F1", 0.85)]),
    Evaluation("heart", "cinc2017", [Target("macro F1", 0.78)], model="heart-rhythm"),
    _actions("utd_mhad", 0.85),
    _actions("kard", 0.90),
    _actions("msr_action3d", 0.80),
    _actions("jhmdb", 0.70),
    Evaluation(
        "actions",
        "fall_keypoints",
        [Target("falls that are said", 0.90), Target("daily clips in which a fall is said", 0.05, most=True)],
        part="all",
    ),
    Evaluation(
        "people",
        "fall_keypoints",
        [Target("falls with an event", 0.90), Target("daily clips with an event", 0.05, most=True)],
        part="all",
    ),
    Evaluation("identity", "orl/orl.npz", _STRANGERS),
    Evaluation("identity", "yalefaces/yale.npz", _STRANGERS),
    Evaluation("expressions", "fer2013", _FACES, part="validation"),
    Evaluation("persons", "pets09_s2l1", [*_PERSONS, Target("standard: AP", 0.93)], part="all"),
    Evaluation("persons", "pennfudan", [Target("high: recall at precision 0.8", 0.97)]),
    Evaluation("tracks", "pets09_s2l1", _TRACKS),
    Evaluation("people", "pets09_s2l1", [Target("people: IDF1", 0.80)], part="all"),
    Evaluation("nms", "pets09_s2l1", [Target("greedy: AP", 0.93)]),
    Evaluation("presence", "pets09_s2l1", [Target("people found at 0.95", 0.9)], part="all"),
    Evaluation("sound", "esc10", [Target("right", 0.85)]),
    Evaluation("sound", "fsdd", [Target("right", 0.92)], model="sound-digits"),
    Evaluation("voices", "emodb", [Target("right", 0.75)]),
    Evaluation("voices", "ravdess", [Target("right", 0.60)]),
)
"""Cheap ones first."""


def real(extent: Extent) -> list[Figure]:
    """All evaluations that the data allow; only one of seconds unless the extent is full."""
    data = Path(os.environ.get("OPENDR_DATA") or "../shared/data")
    wanted = [each for each in EVALUATIONS if each.quick or extent is Extent.FULL]
    figures: list[Figure] = []
    measured = 0
    for each in wanted:
        place = data / each.place
        if not place.exists():
            log.warning("%s is left out: %s is not here; OPENDR_DATA names the folder of data", each.label, place)
            continue
        figures += figures_of(each, _measure(each, place))
        measured += 1
    return [larger_is_better(CASE, "sets that were here", "sets", measured, len(wanted)), *figures]


def figures_of(evaluation: Evaluation, report: Report) -> list[Figure]:
    """The figures of a report that have targets.

    Raises:
        KeyError: the report has no such figure.
    """
    values = {figure.name: figure.value for figure in report.figures}
    figures = []
    for target in evaluation.targets:
        better = smaller_is_better if target.most else larger_is_better
        metric = f"{evaluation.label}: {target.name}"
        figures.append(better(CASE, metric, target.unit, round(values[target.name], 4), target.value))
    return figures


def _measure(evaluation: Evaluation, place: Path) -> Report:
    capability = CAPABILITIES[evaluation.capability]
    session = Session(require(evaluation.model or capability.model).path)
    return capability.measure(place, session, evaluation.part)
