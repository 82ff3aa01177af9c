"""Draw docs/images/voice.png and sounds.png: what voice_activity and sound_classification say of real recordings; and
speaker.png: mouths in a made scene.

python tools/draw_sound.py DATA

DATA has emodb/ (sentences of actors) and esc10/ (folders of sounds), see docs/evaluation.md.
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
from opendr_perception.bench.sound.talkers import RATE as TALK_RATE
from opendr_perception.bench.sound.talkers import TalkingPeople, as_seen, habit, made_voice
from opendr_perception.sim.people import load_people
from opendr_perception.tasks.face import FaceDetector
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.sound import (
    RATE,
    MouthReader,
    SoundClassifier,
    SoundModel,
    SpeechModel,
    VoiceDetector,
    VoiceSettings,
    read_sound,
)

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PAUSE = 1.5
"""Seconds of silence between two sentences, and of noise at the end."""
COLOURS = ("#1c7ed6", "#e8590c", "#2b8a3e", "#c2255c")


def voices(folder: Path) -> None:
    """Two sentences, then noise: the probability of speech, and when somebody is said to speak."""
    sentences = [read_sound(file, RATE) for file in sorted(folder.glob("*.flac"))[:2]]
    quiet = np.zeros(round(PAUSE * RATE), np.float32)
    noise = np.random.default_rng(0).normal(0, 0.05, len(quiet)).astype(np.float32)
    sound = np.concatenate([quiet, sentences[0], quiet, sentences[1], quiet, noise])
    found = list(VoiceDetector(SpeechModel(zoo.session("silero-vad")), VoiceSettings()).push(sound))
    seconds = np.array([judgement.end for judgement in found]) / RATE
    scores = [judgement.voice.score if judgement.voice else np.nan for judgement in found]
    speaking = [bool(judgement.voice and judgement.voice.speaking) for judgement in found]
    _, (above, below) = pyplot.subplots(2, 1, figsize=(9, 3.4), sharex=True)
    _wave(above, sound, RATE)
    below.plot(seconds, scores, COLOURS[0], label="probability of speech")
    below.fill_between(seconds, 0, 1, where=speaking, color=COLOURS[1], alpha=0.25, linewidth=0, label="speaking")
    below.legend(loc="upper right", frameon=False)
    _save(below, "voice")


def sounds(folder: Path) -> None:
    """Four sounds that follow each other: the probabilities of their classes."""
    model = SoundModel(zoo.session("sound-environment"))
    kinds = sorted(path for path in folder.iterdir() if path.is_dir())[:8:2]
    sound = np.concatenate([read_sound(sorted(kind.glob("1-*.ogg"))[0], model.rate) for kind in kinds])
    found = list(SoundClassifier(model, threshold=0.5).push(sound))
    seconds = np.array([heard.end for heard in found]) / model.rate
    probabilities = np.stack([heard.probabilities for heard in found])
    _, (above, below) = pyplot.subplots(2, 1, figsize=(9, 3.4), sharex=True)
    _wave(above, sound, model.rate)
    likely = np.argsort(-probabilities.max(0), kind="stable")[: len(COLOURS)]
    for label, colour in zip(likely, COLOURS, strict=True):
        below.plot(seconds, probabilities[:, label], colour, label=model.labels[label])
    for kind, start in zip(kinds, range(0, 20, 5), strict=True):
        above.text(start + 0.1, 0.8, kind.name.split("_", 1)[1].replace("_", " ").lower(), fontsize=9)
    below.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    _save(below, "sounds")


def speaker() -> None:
    """A made scene of two people of whom one speaks: how loud it is, and how far their mouths are open."""
    people = load_people()
    shown, rng, seconds = TalkingPeople(people[:2]), np.random.default_rng(3), 6.0
    detector, mouths = FaceDetector(zoo.session("blazeface")), MouthReader(zoo.session("facemesh"))
    voice, other = made_voice(seconds, rng), habit("chews", seconds, rng)
    times = np.arange(round(seconds * 15)) / 15
    openings = []
    for at in times:
        image = Image(as_seen(shown.image([voice.at(at), other.at(at)]), (0, 0), rng), "rgb8")
        [found] = detector([image])
        order = np.argsort(found.detections.boxes[:, 0])
        openings.append(mouths(image, found.detections.boxes[order], found.landmarks[order]))
    shown.close()
    _, (above, below) = pyplot.subplots(2, 1, figsize=(9, 3.4), sharex=True)
    _wave(above, voice.samples, TALK_RATE)
    above.set_ylim(-0.3, 0.3)
    for number, (name, colour) in enumerate(zip(("who speaks", "who chews"), COLOURS, strict=False)):
        below.plot(times, np.array(openings)[:, number], colour, label=name)
    below.set_ylabel("opening of the mouth")
    below.legend(loc="upper right", frameon=False)
    _save(below, "speaker", 0.08)


def _wave(axes: Axes, sound: np.ndarray, rate: int) -> None:
    """The range of every hundredth second: a wave of all samples would be megabytes."""
    pieces = sound[: len(sound) // (rate // 100) * (rate // 100)].reshape(-1, rate // 100)
    seconds = np.arange(len(pieces)) / 100
    axes.fill_between(seconds, pieces.min(1), pieces.max(1), color="#868e96", linewidth=0)
    axes.set_ylim(-1, 1)
    axes.set_ylabel("sound")


def _save(axes: Axes, name: str, top: float = 1.05) -> None:
    axes.set_ylim(0, top)
    axes.set_xlabel("seconds")
    figure = pyplot.gcf()
    for part in figure.axes:
        part.margins(x=0)
        for side in ("top", "right"):
            part.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(IMAGES / f"{name}.png", dpi=90)


def main() -> None:
    data = Path(sys.argv[1])
    zoo.fetch(["silero-vad", "blazeface", "facemesh"])
    pyplot.rcParams.update({"font.family": "sans-serif", "font.size": 10})
    voices(data / "emodb")
    sounds(data / "esc10")
    speaker()


if __name__ == "__main__":
    main()
