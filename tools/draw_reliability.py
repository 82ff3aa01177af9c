"""Draw scores against the share of right answers of the action networks, set by set, from docs/figures/evaluate.

python tools/draw_reliability.py
"""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

DOCS = Path(__file__).parents[1] / "docs"
SETS = {
    "utd": "UTD-MHAD",
    "msr": "MSRAction3D",
    "kard": "KARD",
    "florence": "Florence 3D",
    "jhmdb": "JHMDB",
}
KINDS = {"research": "action-research", "open": "action-open"}


def main() -> None:
    """Draw one image for each network."""
    pyplot.rcParams.update({"font.family": "sans-serif", "font.size": 9, "svg.hashsalt": "reliability"})
    for kind, name in KINDS.items():
        figure, axes = pyplot.subplots(figsize=(4.6, 4.2))
        axes.plot([0, 1], [0, 1], color="#adb5bd", linestyle=":")
        for key, label in SETS.items():
            bins = json.loads((DOCS / "figures" / "evaluate" / f"actions.{key}.test.{kind}.json").read_text())[
                "reliability"
            ]
            total = sum(each["answers"] for each in bins)
            [line] = axes.plot([each["score"] for each in bins], [each["right"] for each in bins], label=label)
            for each in bins:
                size = 160 * each["answers"] / total
                axes.scatter(each["score"], each["right"], s=4 + size, color=line.get_color(), alpha=0.7)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="score (area of a dot: share of the answers)", ylabel="right")
        axes.set_title(f"{name}: every answer, people for testing", fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper left")
        figure.tight_layout()
        figure.savefig(DOCS / "images" / f"{name}.svg", metadata={"Date": None})
        pyplot.close(figure)


if __name__ == "__main__":
    main()
