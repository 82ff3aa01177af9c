"""Labelled recordings in the layouts of their sets: ESC, spoken digits (FSDD), TUT Acoustic Scenes, GTZAN."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opendr_perception.arrays import open_arrays
from opendr_perception.tasks.signals.resample import resample
from opendr_perception.tasks.sound import SoundFile, read_sound

RATE = 16000
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


BEFORE, AFTER = 0.7, 0.4
"""Seconds of digital silence around a word: it must be in the middle of a stream."""


def between_silences(samples: np.ndarray) -> np.ndarray:
    """A word (n,) float32 at `RATE` as it is heard in a stream, with silence before and after it."""
    return np.pad(samples, (round(BEFORE * RATE), round(AFTER * RATE)))


@dataclass(frozen=True, eq=False)
class LabelledSound:
    """A recording of one thing.

    Attributes:
        samples: (n,) float32 at `RATE`.
        label: what it is.
        group: what must not be in training and test at once: the fold, or the speaker.
    """

    samples: np.ndarray
    label: str
    group: str


def read_esc(folder: Path) -> list[LabelledSound]:
    """Read ESC-10, or the part of ESC-50 that it is.

    Args:
        folder: of ESC-50 (`meta/esc50.csv` and `audio/`), or with a folder `001_Dog_bark` for each class, whose files
            begin with their fold.

    Raises:
        ValueError: it is neither.
    """
    table = folder / "meta" / "esc50.csv"
    if table.is_file():
        with table.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["esc10"] == "True"]
        return [
            LabelledSound(read_sound(folder / "audio" / row["filename"], RATE), _words(row["category"]), row["fold"])
            for row in rows
        ]
    found = []
    for kind in sorted(path for path in folder.iterdir() if re.match(r"\d+[_ -]", path.name) and path.is_dir()):
        label = _words(re.split(r"[_ -]+", kind.name, maxsplit=1)[1])
        found += [LabelledSound(read_sound(path, RATE), label, path.name[0]) for path in sorted(kind.iterdir())]
    if not found:
        raise ValueError(f"{folder}: neither meta/esc50.csv nor a folder for each class, as 001_Dog_bark, is here")
    return found


def _words(name: str) -> str:
    return name.replace("_", " ").lower()


def read_scenes(folder: Path) -> list[LabelledSound]:
    """Read TUT Acoustic Scenes (2016, 2017, and TUT Urban Acoustic Scenes 2018).

    Args:
        folder: with `meta.txt` or `meta.csv`, whose rows begin with a file and its scene, and the files' folder
            `audio/`; and with `evaluation_setup/fold<k>_evaluate.txt`, whose files are those of a fold. Where a file is
            in no fold, its group is the place of the recording, the part of its name that several files share.

    Raises:
        ValueError: there is no such table.
    """
    tables = [folder / name for name in ("meta.txt", "meta.csv") if (folder / name).is_file()]
    if not tables:
        raise ValueError(f"{folder}: no meta.txt or meta.csv is here, which TUT Acoustic Scenes have")
    folds = {
        Path(row.split()[0]).name: name.stem.split("_")[0][4:]
        for name in sorted((folder / "evaluation_setup").glob("fold*_evaluate.*"))
        for row in name.read_text(encoding="utf-8").splitlines()
        if row.strip() and not row.startswith("filename")
    }
    rows = [row.split() for row in tables[0].read_text(encoding="utf-8").splitlines() if row.strip()]
    found = []
    for file, scene, *_ in (row for row in rows if row[0] != "filename"):
        name = Path(file).name
        place = "-".join(Path(file).stem.split("-")[1:3]) if "-" in name else name.split("_")[0]
        found.append(LabelledSound(read_sound(folder / file, RATE), _words(scene), folds.get(name, place)))
    return found


def read_genres(folder: Path) -> list[LabelledSound]:
    """Read GTZAN: `blues/blues.00000.wav` (or `.au`), in this folder or in `genres/` or `genres_original/` of it.

    Ten groups by the last digit of the numbers. The set has neighbours of one artist and repetitions [Sturm 2013], so
    that accuracies of these groups are too high.

    Raises:
        ValueError: there is none.
    """
    places = (folder, folder / "genres", folder / "genres_original")
    files = sorted(path for place in places for path in place.glob("*/*") if GENRE.fullmatch(path.name))
    if not files:
        raise ValueError(f"{folder}: no blues/blues.00000.wav or the like is here, as GTZAN has them")
    return [
        LabelledSound(read_sound(path, RATE), path.name.split(".")[0], path.name.split(".")[1][-1]) for path in files
    ]


GENRE = re.compile(r"[a-z]+\.\d{5}\.(wav|au)")


def read_digits(folder: Path) -> list[LabelledSound]:
    """Read the Free Spoken Digit Dataset.

    Args:
        folder: with `recordings/` of files `digit_speaker_number.wav`; or with `digits_8khz.flac`, in which they are
            joined, and `index.npz`, which has their names and offsets.

    Raises:
        ValueError: it is neither.
    """
    joined, files = folder / "digits_8khz.flac", sorted((folder / "recordings").glob("*.wav"))
    if files:
        return [_digit(path.stem, read_sound(path, RATE)) for path in files]
    if not joined.is_file():
        raise ValueError(f"{folder}: neither recordings/*.wav nor digits_8khz.flac is here")
    source = SoundFile(joined)
    samples, rate = np.concatenate([chunk[:, 0] for chunk in source.chunks()]), source.rate
    source.close()
    with open_arrays(folder / "index.npz") as index:
        names, offsets = index["names"].tolist(), index["offsets"].tolist()
    ends = [*offsets[1:], len(samples)][: len(names)]
    return [
        _digit(Path(name).stem, resample(samples[start:end], rate, RATE))
        for name, start, end in zip(names, offsets, ends, strict=False)
    ]


def _digit(name: str, samples: np.ndarray) -> LabelledSound:
    digit, speaker, _ = name.split("_")
    return LabelledSound(samples, DIGITS[int(digit)], speaker)


def read_folder(folder: Path) -> list[LabelledSound]:
    """All sounds below a folder, of no known label: to measure what is taken for something that it is not."""
    endings = {".wav", ".flac", ".ogg", ".mp3"}
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in endings)
    return [LabelledSound(read_sound(path, RATE), "", path.name) for path in files]


def groups(recordings: Sequence[LabelledSound]) -> list[str]:
    """The folds or speakers."""
    return sorted({recording.group for recording in recordings})


def read_labelled(folder: Path) -> list[LabelledSound]:
    """All sounds in a folder of their label each, as people have them of their own.

    Raises:
        ValueError: there is no folder with sounds.
    """
    kinds = sorted(path for path in folder.iterdir() if path.is_dir())
    found = [LabelledSound(each.samples, _words(kind.name), each.group) for kind in kinds for each in read_folder(kind)]
    if not found:
        raise ValueError(f"{folder}: no folder with sounds, named as what they are, is here")
    return found
