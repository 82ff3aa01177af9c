"""Draw docs/images/audiovisual.svg: what audiovisual_emotion says with a muted microphone, and without the face.

python tools/draw_audiovisual.py DATA

DATA has emodb/ (sentences of actors) and fer2013/ (faces), see docs/evaluation.md. Nobody is drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("svg")
from matplotlib import pyplot

from opendr_perception import zoo
from opendr_perception.evaluate.emotion.sets import read_fer2013
from opendr_perception.evaluate.emotion.voices import HELD_OUT, read_voices
from opendr_perception.tasks.emotion import FaceView
from opendr_perception.tasks.emotion.audiovisual import (
    PERIOD,
    AudiovisualMemory,
    AudiovisualModel,
    AudiovisualResult,
    FaceDescriber,
    Fuser,
    FusionSettings,
)
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.sound import MFCC_RATE

FILE = Path(__file__).parents[1] / "docs" / "images" / "audiovisual.svg"
EMOTION = "angry"
MUTED, GONE, END = (6.0, 12.0), (14.0, 20.0), 26.0
"""Seconds in which the microphone is muted and the face is gone, and of the whole."""
COLOURS = ("#c2255c", "#1c7ed6", "#2b8a3e", "#e8590c")
INK = "#495057"


def course(folder: Path) -> tuple[list[str], list[AudiovisualResult | None]]:
    """The labels, and the answer at the end of each period."""
    model = AudiovisualModel(zoo.session("emotion-av"))
    describe = FaceDescriber(zoo.session("expression-research"), model)
    memory, fuse = AudiovisualMemory.of(model, describe), Fuser(model, FusionSettings())
    voices = [v for v in read_voices(folder / "emodb") if v.speaker.split()[1] in HELD_OUT["emodb"]]
    voice = np.concatenate([each.samples for each in voices if each.label == EMOTION])
    crops = read_fer2013(folder / "fer2013")
    chosen = np.flatnonzero((crops.part == "validation") & (crops.label == crops.labels.index(EMOTION)))[:20]
    size, answers = round(PERIOD * 1e-9 * MFCC_RATE), []
    for period in range(round(END * 1e9 / PERIOD)):
        second = period * PERIOD * 1e-9
        wave = np.resize(np.roll(voice, -period * size), size)
        memory.sound.push(wave * (not MUTED[0] <= second < MUTED[1]), period * PERIOD)
        pixels = np.ascontiguousarray(np.repeat(crops.images[chosen[(period // 8) % len(chosen)]][:, :, None], 3, 2))
        box = np.array([4.0, 4.0, 44.0, 44.0])
        here = [] if GONE[0] <= second < GONE[1] else [FaceView(box, track="1")]
        memory.faces.add(period * PERIOD, describe, Image(pixels, "bgr8"), here)
        found = fuse(memory, period)
        answers.append(found[0] if found else None)
    return list(model.labels), answers


def draw(labels: Sequence[str], answers: Sequence[AudiovisualResult | None]) -> None:
    """The probabilities, over a strip that says what they rest on."""
    seconds = (np.arange(len(answers)) + 1) * PERIOD * 1e-9
    unknown = np.full(len(labels), np.nan)
    probabilities = np.stack([a.probabilities if a and a.modalities else unknown for a in answers])
    _, (above, below) = pyplot.subplots(2, 1, figsize=(9, 3.2), sharex=True, height_ratios=(1, 3), layout="constrained")
    for row, (letter, name) in enumerate((("v", "face"), ("a", "voice"))):
        used = [bool(a and letter in a.modalities) for a in answers]
        above.fill_between(seconds, row + 0.1, row + 0.9, where=used, color=INK, linewidth=0, step="pre")
        above.text(-0.2, row + 0.5, name, ha="right", va="center")
    above.axis("off")
    others = [each for each in np.argsort(-np.nanmean(probabilities, 0)) if labels[each] != EMOTION]
    for label, colour in zip([labels.index(EMOTION), *others], COLOURS, strict=False):
        true = labels[label] == EMOTION
        name = f"{EMOTION} (true)" if true else labels[label]
        below.plot(seconds, probabilities[:, label], colour, label=name, linewidth=2.5 if true else 1.2)
    for (begin, end), text in ((MUTED, "microphone muted"), (GONE, "face gone")):
        below.axvspan(begin, end, color="#f1f3f5", linewidth=0)
        below.text((begin + end) / 2, 1.03, text, ha="center", fontsize=9)
    below.set(xlim=(0, END), ylim=(0, 1.15), xlabel="seconds", ylabel="probability")
    below.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    pyplot.savefig(FILE, metadata={"Date": None})


if __name__ == "__main__":
    matplotlib.rcParams["svg.hashsalt"] = "audiovisual"
    draw(*course(Path(sys.argv[1])))
