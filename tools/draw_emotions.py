"""Draw docs/images/emotions.svg, the figure of docs/nodes/emotion_recognition.md: what time makes of single frames.

python tools/draw_emotions.py [FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("svg")
from matplotlib import pyplot
from matplotlib.axes import Axes

from opendr_perception import zoo
from opendr_perception.bench.emotion.recognition import FILM, RATE, SMOOTHINGS, follow, watch_film
from opendr_perception.tasks.emotion import EXPRESSIONS, ExpressionNet, Settings
from opendr_perception.tasks.face import FaceDetector

FILE = Path(__file__).parents[1] / "docs" / "images" / "emotions.svg"
SHOWN = {"neutral": "#868e96", "happy": "#e8590c", "angry": "#c2255c", "surprised": "#1c7ed6"}
"""Expressions that are drawn, in these colours; the others hardly occur."""


def main() -> None:
    """Draw probabilities and valence, of single frames above and over time below."""
    zoo.fetch([FILM])
    detector = FaceDetector(zoo.session("blazeface"))
    seen = watch_film(detector, ExpressionNet(zoo.session(Settings().model)))
    pyplot.rcParams.update({"font.family": "sans-serif", "font.size": 10, "svg.hashsalt": "emotions"})
    figure, rows = pyplot.subplots(2, 1, figsize=(9, 4.6), sharex=True)
    for axes, (name, title) in zip(
        rows, (("single frames", "single frames"), ("NAC-TCN", "the same frames, over time")), strict=True
    ):
        answers = follow(SMOOTHINGS[name](), seen)
        _draw(axes, answers.probabilities, answers.affect)
        axes.set_title(title, loc="left")
    rows[0].legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    rows[1].set_xlabel("seconds")
    figure.tight_layout()
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None, dpi=150)


def _draw(axes: Axes, probabilities: np.ndarray, affect: np.ndarray) -> None:
    seconds = np.arange(len(affect)) / RATE
    for name, colour in SHOWN.items():
        axes.plot(seconds, probabilities[:, EXPRESSIONS.index(name)], colour, label=name)
    axes.plot(seconds, affect[:, 0], "#1f2933", linestyle=":", label="valence")
    axes.set_ylim(-0.3, 1.05)
    axes.set_xlim(0, seconds[-1])
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


if __name__ == "__main__":
    main()
