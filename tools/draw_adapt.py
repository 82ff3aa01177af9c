"""Draw docs/images/adapt.svg, the figure of docs/teaching.md, from docs/figures/adapt.json.

python tools/draw_adapt.py [FILE]
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

DOCS = Path(__file__).parents[1] / "docs"
FILE = DOCS / "images" / "adapt.svg"
COLOURS = {"fine-pruning": "#9aa5b1", "SPLoRA, rank 8": "#e8590c", "SPLoRA, rank 32": "#1c7ed6"}


def main() -> None:
    """Draw what is right by channels that are kept, and by parameters that were learned."""
    outcomes: defaultdict[str, list[dict[str, float]]] = defaultdict(list)
    for row in json.loads((DOCS / "figures" / "adapt.json").read_text())["densities"]:
        outcomes[row["method"]].append(row)
    pyplot.rcParams.update({"font.family": "sans-serif", "font.size": 10, "svg.hashsalt": "adapt"})
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9.5, 3.6), sharey=True)
    for method, rows in outcomes.items():
        shares = [100 * row["right"] for row in rows]
        style = {"marker": "o", "color": COLOURS.get(method, "#1f2933"), "label": method}
        left.plot([100 * row["keep"] for row in rows], shares, **style)
        right.plot([row["learned"] for row in rows], shares, **style)
        for row, share in zip(rows, shares, strict=True):
            right.annotate(f"{row['keep']:.0%}", (row["learned"], share), textcoords="offset points", xytext=(5, -10))
    left.set(xlabel="channels kept, %", ylabel="right of 27 actions, three new people, %")
    right.set(xlabel="parameters learned", xscale="log")
    left.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
    figure.tight_layout()
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None, dpi=150)


if __name__ == "__main__":
    main()
