"""Labelled voices: EMO-DB, RAVDESS and CREMA-D, in the layouts of their authors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.measures import by_subject
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.tasks.emotion.audiovisual import AudiovisualModel
from opendr_perception.tasks.sound import MFCC_RATE, mfcc, read_sound

ENDINGS = {".wav", ".flac", ".ogg", ".mp3", ".mp4"}

EMO_DB = {
    "W": "angry",
    "L": "bored",
    "E": "disgusted",
    "A": "fearful",
    "F": "happy",
    "T": "sad",
    "N": "neutral",
}
"""Emotions by the sixth character of a name."""
RAVDESS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgusted", "surprised")
"""Emotions by the third number of a name, from 1 on."""
CREMA_D = {"ANG": "angry", "DIS": "disgusted", "FEA": "fearful", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}


@dataclass(frozen=True, eq=False)
class LabelledVoice:
    """A recording of one person who acts an emotion.

    Attributes:
        samples: (n,) float32 at MFCC_RATE.
        label: the emotion.
        speaker: whose voice, with the set.
    """

    samples: np.ndarray
    label: str
    speaker: str


@dataclass(frozen=True)
class VoiceSet:
    """A set of voices.

    Attributes:
        pattern: of the names of its files, without endings.
        read: label and speaker by such a name.
    """

    pattern: re.Pattern[str]
    read: Callable[[str], tuple[str, str]]


SETS: Mapping[str, VoiceSet] = {
    "emodb": VoiceSet(re.compile(r"\d\d[ab]\d\d[WLEAFTN][a-z]"), lambda name: (EMO_DB[name[5]], name[:2])),
    "ravdess": VoiceSet(
        re.compile(r"0[13]-01-0[1-8]-0[12]-0[12]-0[12]-\d\d"),
        lambda name: (RAVDESS[int(name[6:8]) - 1], name[-2:]),
    ),
    "cremad": VoiceSet(
        re.compile(rf"\d{{4}}_[A-Z]{{3}}_({'|'.join(CREMA_D)})_[A-Z]{{2}}"),
        lambda name: (CREMA_D[name.split("_")[2]], name[:4]),
    ),
}
"""By name. Of RAVDESS, speech with video (01) or sound alone (03) is taken, as 02 is the video of 01 again."""


def read_voices(folder: Path) -> list[LabelledVoice]:
    """Read all recordings below a folder that are named as those of one of the sets.

    Raises:
        DatasetError: there is none, or there are those of several sets.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is not a folder")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    found = {name: [path for path in files if kind.pattern.fullmatch(path.stem)] for name, kind in SETS.items()}
    there = [name for name, paths in found.items() if paths]
    if len(there) != 1:
        raise DatasetError(f"{folder}: recordings of one of the sets {', '.join(SETS)} are needed, found {there}")
    (name,) = there
    return [
        LabelledVoice(read_sound(path, MFCC_RATE), label, f"{name} {speaker}")
        for path in found[name]
        for label, speaker in [SETS[name].read(path.stem)]
    ]


HELD_OUT = {"emodb": ("03",), "ravdess": ("01", "09"), "cremad": ()}
"""Speakers of each set whom the shipped model has not heard; fixed before anything was trained."""


def evaluate_voices(dataset: Path, session: Session, part: str) -> Report:
    """Measure what a network that joins voices and faces says of voices alone.

    Args:
        dataset: a folder of one of `SETS`.
        session: the model.
        part: 'test' for speakers whom the shipped model has not heard, 'train' for the others, or 'all'.

    Raises:
        DatasetError: there is no such set or part.
    """
    if part == "validation":
        raise DatasetError("voices have the parts train, test and all")
    model, recordings = AudiovisualModel(session), read_voices(dataset)
    held_out = HELD_OUT[recordings[0].speaker.split()[0]]
    of_part = [
        each for each in recordings if part == "all" or (each.speaker.split()[1] in held_out) == (part == "test")
    ]
    chosen = [each for each in of_part if each.label in model.labels]
    if not chosen:
        raise DatasetError(f"{dataset}: no recording of this part has one of the labels {', '.join(model.labels)}")
    report = Report(f"voices: {dataset.name}, {part}, {session.path.stem}")
    report.count("recordings", len(chosen))
    report.count("recordings of other emotions, left out", len(of_part) - len(chosen))
    video = np.zeros((1, model.features, model.frames), np.float32)
    said = np.concatenate([model(model.scaled(mfcc(each.samples, model.config))[None], video) for each in chosen])
    truth = np.array([model.labels.index(each.label) for each in chosen])
    right = said.argmax(1) == truth
    speakers = np.array([each.speaker for each in chosen])
    report.count("speakers", len(set(speakers.tolist())))
    report.add("right", *by_subject(right, speakers))
    report.add("mean recall", float(np.mean([right[truth == label].mean() for label in np.unique(truth)])))
    report.table("recall", {model.labels[label]: float(right[truth == label].mean()) for label in np.unique(truth)})
    report.confused([each.label for each in chosen], said.argmax(1), model.labels)
    report.answers = (said.max(1).astype(np.float64), right)
    return report
