"""Images of what an evaluation found: what is taken for what, how far scores can be believed, and ROC curves."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from opendr_perception.evaluate.measures import auroc, reliability, roc
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOUR = "#1c7ed6"
PANEL = 4.2
"""Inches of an image's side."""


def draw(report: Report, path: Path) -> None:
    """Draw what the report has of confusion, reliability and ROC curves.

    Args:
        report: what was found.
        path: the file; its suffix says the format.

    Raises:
        DatasetError: there is nothing of the kind in it, the format is none, or matplotlib is missing.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise DatasetError("matplotlib is missing: pip install 'opendr_perception[evaluate]'")
    import matplotlib
    from matplotlib.figure import Figure

    possible = ((_confusion, report.confusion), (_reliability, report.answers), (_roc, report.chances))
    panels = [panel for panel, there in possible if there]
    if not panels or path.suffix not in (".svg", ".png", ".pdf"):
        raise DatasetError(
            f"{path} cannot be drawn: '{report.title}' has no confusion, reliability or ROC"
            if not panels
            else f"{path} cannot be drawn: .svg, .png or .pdf is possible"
        )
    with matplotlib.rc_context({"font.size": 9, "svg.hashsalt": "evaluation"}):
        figure = Figure((PANEL * len(panels), PANEL), layout="constrained")
        for number, panel in enumerate(panels, 1):
            panel(report, figure.add_subplot(1, len(panels), number))
        figure.suptitle(report.title)
        with replacing(path, path.suffix) as unfinished:
            figure.savefig(unfinished, dpi=120, metadata={"Date": None} if path.suffix == ".svg" else None)


def _confusion(report: Report, axes: Axes) -> None:
    shown, named = list(report.confusion), list(next(iter(report.confusion.values())))
    shares = np.array([[report.confusion[row][name] for name in named] for row in shown])
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        colour = "white" if share > 0.5 else "black"
        axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(named)), named, rotation=45, ha="right")
    axes.set_yticks(range(len(shown)), shown)
    axes.set_xlabel("named, %")
    axes.set_ylabel("shown")


def _reliability(report: Report, axes: Axes) -> None:
    assert report.answers is not None
    counts, scores, right = np.array(reliability(*report.answers)).T
    axes.plot([0, 1], [0, 1], color="#adb5bd", linestyle=":")
    axes.plot(scores, right, color=COLOUR, marker="o")
    axes.bar(scores, counts / counts.sum(), width=0.06, color=COLOUR, alpha=0.2)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("score (bars: share of the answers)")
    axes.set_ylabel("right")


def _roc(report: Report, axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], color="#adb5bd", linestyle=":")
    for name, (scores, positive) in report.chances.items():
        axes.plot(*roc(scores, positive), label=f"{name}: {auroc(scores, positive):.3f}")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("of the others, taken for it")
    axes.set_ylabel("of these, taken for it")
    axes.legend(loc="lower right", title="area under the curve")
