"""Draw docs/images/nms.svg and nms-above.svg, the figures of docs/nms.md: what suppression leaves of synthetic crowds.

python tools/draw_nms.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.nms import Candidates, Detections, Greedy, LearnedNms, Suppressor, pairwise_iou
from opendr_perception.training.nms.aerial import UNSEEN, make_aerial
from opendr_perception.training.nms.examples import match
from opendr_perception.training.nms.simulate import HARD, CrowdScene, make_scene

FOLDER = Path(__file__).parents[1] / "docs" / "images"
RIGHT, WRONG, MISSED, QUIET = "#2b8a3e", "#e03131", "#1c7ed6", "#ced4da"
SEED, ABOVE = 7, 0  # of scenes that no training has seen, the second in a place where none has been
THRESHOLD = 0.4


def main() -> None:
    """Draw both."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    pyplot.rcParams.update({"font.family": "sans-serif", "font.size": 10, "svg.hashsalt": "nms"})
    session = zoo.session("nms-geom", threads=1)
    _crowd(session, folder / "nms.svg")
    _from_above(session, folder / "nms-above.svg")


def _crowd(session: Session, file: Path) -> None:
    """The candidates, what greedy suppression keeps, and what the network keeps, with and without the detector."""
    scene = make_scene(np.random.default_rng(SEED), HARD)
    figure, axes = pyplot.subplots(2, 2, figsize=(13, 6))
    axes = axes.ravel()
    _prepare(axes[0], scene, f"{len(scene.boxes)} candidates for {len(scene.people)} people")
    _boxes(axes[0], scene.boxes, QUIET, 0.8)
    _result(axes[1], scene, "greedy", Greedy(0.5))
    _result(axes[2], scene, "seq2seq_geom", LearnedNms(session))
    _result(axes[3], scene, "its network alone", LearnedNms(session, sure=False))
    figure.subplots_adjust(left=0.01, right=0.99, top=0.95, bottom=0.01, hspace=0.1, wspace=0.02)
    figure.savefig(file, metadata={"Date": None})


def _from_above(session: Session, file: Path) -> None:
    """The candidates in a place that no training has seen, and what greedy suppression and the network keep."""
    scene = make_aerial(np.random.default_rng(ABOVE), UNSEEN[1])
    figure, axes = pyplot.subplots(1, 3, figsize=(13, 3.1))
    _prepare(axes[0], scene, f"{len(scene.boxes)} candidates for {len(scene.people)} people")
    _boxes(axes[0], scene.boxes, QUIET, 0.8)
    _result(axes[1], scene, "greedy", Greedy(0.5))
    _result(axes[2], scene, "seq2seq_geom", LearnedNms(session))
    for one in axes:
        one.set_xlim(scene.people[:, 0].min() - 20, scene.people[:, 2].max() + 20)
        one.set_ylim(scene.people[:, 3].max() + 20, scene.people[:, 1].min() - 20)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.92, bottom=0.01, wspace=0.02)
    figure.savefig(file, metadata={"Date": None})


def _result(axes: Axes, scene: CrowdScene, name: str, method: Suppressor) -> None:
    """Count the right and wrong boxes that a method keeps, and the people whom it misses."""
    found = method(Candidates(Detections(scene.boxes, scene.scores), scene.size))
    found = found[found.scores > THRESHOLD]
    owners = match(found.scores, pairwise_iou(found.boxes, scene.people))
    right = owners >= 0
    missed = np.setdiff1d(np.arange(len(scene.people)), owners)
    text = f"{name}: {right.sum()} people found, {(~right).sum()} too many, {len(missed)} missed"
    _prepare(axes, scene, text)
    _boxes(axes, scene.people[missed], MISSED, 1.5, "--")
    _boxes(axes, found.boxes[right], RIGHT, 1.5)
    _boxes(axes, found.boxes[~right], WRONG, 1.5)


def _prepare(axes: Axes, scene: CrowdScene, title: str) -> None:
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlim(0, scene.size[0])
    axes.set_ylim(scene.size[1], 0.25 * scene.size[1])
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])


def _boxes(axes: Axes, boxes: np.ndarray, colour: str, width: float, style: str = "-") -> None:
    for x_min, y_min, x_max, y_max in boxes:
        place = ((x_min, y_min), x_max - x_min, y_max - y_min)
        axes.add_patch(Rectangle(*place, fill=False, edgecolor=colour, linewidth=width, linestyle=style))


if __name__ == "__main__":
    main()
