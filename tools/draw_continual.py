"""Draw docs/images/continual.svg, the figure of docs/continual-inference.md.

python tools/draw_continual.py [FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

FILE = Path(__file__).parents[1] / "docs" / "images" / "continual.svg"
KERNEL, LAYERS, FRAMES = 3, 3, 8
INK, QUIET, NEW, KEPT = "#1f2933", "#9aa5b1", "#e8590c", "#1c7ed6"
FILL = {INK: "#ffffff", QUIET: "#f1f3f5", NEW: "#ffe8cc", KEPT: "#d0ebff"}
NAMES = ("frames", "layer 1", "layer 2", "layer 3")
RISE = 1.3  # from layer to layer


def main() -> None:
    """Draw both ways side by side."""
    pyplot.rcParams.update({"font.family": "sans-serif", "font.size": 10, "svg.hashsalt": "continual"})
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10.5, 4.6))
    _clip(left)
    _step(right)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.9, bottom=0.02, wspace=0.04)
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None, dpi=150)


def _clip(axes: Axes) -> None:
    """A clip network: for one answer, every frame of the clip goes through every layer."""
    _prepare(axes, "A network for clips, at every frame:")
    clip = KERNEL + (LAYERS - 1) * (KERNEL - 1)
    redone = 0
    for layer in range(LAYERS + 1):
        for time in range(FRAMES):
            inside = time >= FRAMES - clip + layer * (KERNEL - 1)
            if layer and inside:
                _connect(axes, time, layer, NEW)
            again = bool(layer) and time < FRAMES - 1
            if inside or not layer:
                _cell(axes, time, layer, (NEW if layer else INK) if inside else QUIET, dashed=again)
            redone += inside and again
    _note(axes, f"computes {LAYERS + redone} cells, {redone} of them (dashed) not for the first time", NEW)


def _step(axes: Axes) -> None:
    """A continual network: the newest column is computed, what it needs of earlier ones is remembered."""
    _prepare(axes, "A continual network, at every frame:")
    newest = FRAMES - 1
    for layer in range(LAYERS + 1):
        for time in range(FRAMES):
            kept = layer < LAYERS and newest - KERNEL < time < newest
            if time == newest:
                if layer:
                    _connect(axes, time, layer, NEW)
                _cell(axes, time, layer, NEW if layer else INK)
            elif kept:
                _cell(axes, time, layer, KEPT)
            elif not layer:
                _cell(axes, time, layer, QUIET)
    _note(axes, f"computes {LAYERS} cells, and remembers {LAYERS * (KERNEL - 1)} (blue: its state)", KEPT)


def _prepare(axes: Axes, title: str) -> None:
    axes.set_xlim(-1.75, FRAMES - 0.2)
    axes.set_ylim(-1.35, LAYERS * RISE + 1.0)
    axes.axis("off")
    axes.set_title(title, color=INK, fontsize=12, fontweight="bold", loc="left", x=0.03)
    for layer, name in enumerate(NAMES):
        axes.text(-0.75, layer * RISE, name, ha="right", va="center", color=INK)
    axes.text(FRAMES - 1, -0.55, "now", ha="center", va="top", color=INK)
    axes.text(FRAMES - 1, LAYERS * RISE + 0.45, "answer", ha="center", va="bottom", color=INK)
    ends = (-0.4, -0.68), (FRAMES - 1.6, -0.68)
    axes.add_patch(FancyArrowPatch(*ends, arrowstyle="->", mutation_scale=10, color=QUIET))


def _note(axes: Axes, text: str, colour: str) -> None:
    axes.text(FRAMES / 2 - 0.7, -1.22, text, ha="center", va="center", color=colour, fontsize=11)


def _cell(axes: Axes, time: int, layer: int, colour: str, *, dashed: bool = False) -> None:
    style = "round,pad=0,rounding_size=0.12"
    corner = (time - 0.32, layer * RISE - 0.32)
    line = (0, (3, 2)) if dashed else "-"
    look: dict[str, Any] = {"facecolor": FILL[colour], "edgecolor": colour, "linewidth": 1.6, "linestyle": line}
    axes.add_patch(FancyBboxPatch(corner, 0.64, 0.64, boxstyle=style, zorder=2, **look))


def _connect(axes: Axes, time: int, layer: int, colour: str) -> None:
    for back in range(KERNEL):
        x, y = (time - back, time), ((layer - 1) * RISE + 0.32, layer * RISE - 0.32)
        axes.plot(x, y, color=colour, lw=1.1, alpha=0.75, zorder=1)


if __name__ == "__main__":
    main()
