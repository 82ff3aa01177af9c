"""Draw docs/images/heart.png: what heart_anomaly says of the beats of a real electrocardiogram and of a made heart.

python tools/draw_heart.py DATA

DATA has mitbih/, see docs/evaluation.md; the record is one of DS2, from which the model has not learnt.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

from opendr_perception import zoo
from opendr_perception.evaluate.signals.sets import read_heart_set
from opendr_perception.tasks.signals import Resampler
from opendr_perception.tasks.signals.heart import HeartModel, HeartWatcher, Judgement
from opendr_perception.training.signals.simulate import intervals, phonocardiogram

TARGET = Path(__file__).parents[1] / "docs" / "images" / "heart.png"
RECORD, BEGIN, END = "233", 150.0, 162.0
"""Of MIT-BIH, and seconds that are shown."""
SOUND_RATE, HEALTHY, SECONDS = 4000, 12, 24.0
"""Of the made heart: Hz, beats without a murmur, and seconds that are shown."""
COLOURS = {"normal": "#1c7ed6", "ventricular": "#e8590c", "supraventricular": "#2b8a3e", "fusion": "#c2255c"}


def judged(model: HeartModel, samples: np.ndarray, rate: float) -> list[Judgement]:
    resampled = Resampler(rate, model.rate).push(samples[:, None].astype(np.float32))[:, 0]
    watcher = HeartWatcher(model, 0.6)
    pieces = range(0, len(resampled), model.rate)
    return [found for place in pieces for found in watcher.push(resampled[place : place + model.rate])]


def beats(axes: Axes, data: Path) -> None:
    """The electrocardiogram, and a mark for each beat in the colour of its answer."""
    record = next(each for each in read_heart_set(data / "mitbih").recordings if each.name == RECORD)
    model = HeartModel(zoo.session("heart-beats"))
    seconds = np.arange(len(record.samples)) / record.rate
    shown = (seconds >= BEGIN) & (seconds < END)
    axes.plot(seconds[shown] - BEGIN, record.samples[shown], "#868e96", linewidth=0.8)
    top = float(record.samples[shown].max()) * 1.15
    for found in judged(model, record.samples, record.rate):
        at = found.end / model.rate
        if BEGIN <= at < END and found.label:
            label = found.label if found.label not in axes.get_legend_handles_labels()[1] else None
            axes.plot(at - BEGIN, top, "v", color=COLOURS[found.label], label=label)
    axes.set_ylabel("electrocardiogram")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, title="the beat is called")


def sound(above: Axes, below: Axes) -> None:
    """A made heart that gets a murmur: the probabilities of its labels, each second."""
    healthy = phonocardiogram(intervals(HEALTHY, 66), SOUND_RATE)
    made = np.concatenate([healthy, phonocardiogram(intervals(20, 66), SOUND_RATE, murmur=0.1)])
    made = made[: round(SECONDS * SOUND_RATE)]
    pieces = made[: len(made) // 40 * 40].reshape(-1, 40)
    above.fill_between(np.arange(len(pieces)) / 100, pieces.min(1), pieces.max(1), color="#868e96", linewidth=0)
    above.set_ylabel("made heart sound")
    model = HeartModel(zoo.session("heart-valves"))
    found = judged(model, made, SOUND_RATE)
    seconds = [each.end / model.rate for each in found]
    for label, colour in zip(model.labels, COLOURS.values(), strict=True):
        place = model.labels.index(label)
        below.plot(seconds, [each.probabilities[place] for each in found], color=colour, label=label)
    below.set_ylim(0, 1.05)
    below.set_ylabel("probability")
    below.set_xlabel("seconds")
    below.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)


def main() -> None:
    pyplot.rcParams.update({"font.family": "sans-serif", "font.size": 10})
    figure, (one, two, three) = pyplot.subplots(3, 1, figsize=(10, 5.4))
    beats(one, Path(sys.argv[1]))
    sound(two, three)
    for part in figure.axes:
        part.margins(x=0)
        for side in ("top", "right"):
            part.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(TARGET, dpi=90)


if __name__ == "__main__":
    main()
