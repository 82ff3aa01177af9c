"""Recordings of hearts, labelled: PhysioNet/CinC 2016 and 2017, MIT-BIH, and the valves of Yaseen et al.

Each is read in the layout in which it is published, and in a compact one in which its recordings are joined.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.io import loadmat

from opendr_perception.arrays import open_arrays
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.evaluate.signals.wfdb_beats import GROUPS, read_beats
from opendr_perception.tasks.signals import read_signal
from opendr_perception.tasks.sound import SoundFile

Floats = npt.NDArray[np.float32]

FOLDS = 5
RHYTHMS = {"N": "normal", "A": "atrial fibrillation", "O": "other rhythm", "~": "noise"}
VALVES = {
    "N": "normal", "MR": "mitral regurgitation", "MS": "mitral stenosis", "MVP": "mitral valve prolapse",
    "AS": "aortic stenosis",
}  # fmt: skip
TRAIN_RECORDS = frozenset(
    (101, 106, 108, 109, 112, 114, 115, 116, 118, 119, 122, 124, 201, 203, 205, 207, 208, 209, 215, 220, 223, 230)
)
"""DS1 of de Chazal et al. 2004; the others, less PACED, are DS2."""
PACED = frozenset((102, 104, 107, 217))


@dataclass(frozen=True, eq=False)
class HeartRecording:
    """A recording of one heart.

    Attributes:
        name: in its set.
        samples: (n,) float32.
        rate: Hz.
        label: what it is as a whole; '' where its beats are labelled.
        group: what must not be in training and test at once: a fold, a data base, DS1 or DS2.
        times: (b,) seconds of its labelled beats.
        beats: their labels; '' for one that is not to be judged.
    """

    name: str
    samples: Floats
    rate: float
    label: str
    group: str
    times: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    beats: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class HeartSet:
    """A set: its name, the kind of its signals, which model it is for, and its recordings."""

    name: str
    model: str
    recordings: tuple[HeartRecording, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(sorted({each.group for each in self.recordings}))


def read_heart_set(folder: Path) -> HeartSet:
    """Read whichever set a folder holds.

    Raises:
        DatasetError: it holds none that is known, or it is damaged; the text says what was looked for.
    """
    for pattern, reader in READERS.items():
        if next(folder.glob(pattern), None) is not None:
            try:
                return reader(folder)
            except (OSError, ValueError, KeyError, IndexError, RuntimeError) as error:
                raise DatasetError(f"{folder}: this set cannot be read ({error})") from error
    raise DatasetError(
        f"{folder}: none of {', '.join(READERS)} is here, so it is no set of heart signals that is known"
    )


def _joined(folder: Path, name: str) -> tuple[Floats, dict[str, np.ndarray]]:
    """All samples of a compact set in [-1, 1], and its index."""
    source = SoundFile(folder / name)
    samples = np.concatenate([chunk[:, 0] for chunk in source.chunks()])
    source.close()
    with open_arrays(folder / "index.npz") as index:
        return samples, {key: index[key] for key in index}


def _folds(names: list[str]) -> list[str]:
    """A fold for each recording, drawn once and for all by its place among the names."""
    order = np.argsort(np.argsort(names))
    drawn = np.random.default_rng(0).permutation(len(names)) % FOLDS
    return [str(drawn[place]) for place in order]


def _rhythms(folder: Path) -> HeartSet:
    if (folder / "ecg_300hz.flac").exists():
        samples, index = _joined(folder, "ecg_300hz.flac")
        names, labels, ends = index["names"].tolist(), index["labels"].tolist(), index["offsets"].tolist()
        pieces = [32.768 * samples[start:end] for start, end in itertools.pairwise(ends)]
    else:
        table = sorted(folder.glob("REFERENCE*.csv"))[-1]  # the last version of the labels
        rows = [(Path(row[0]).name, row[1]) for row in _rows(table) if len(row) > 1]
        names, labels = [row[0] for row in rows], [row[1] for row in rows]
        pieces = [loadmat(folder / f"{name}.mat")["val"].ravel().astype(np.float32) / 1000 for name in names]
    found = zip(names, pieces, labels, _folds(names), strict=True)
    return HeartSet(
        "CinC 2017", "heart-rhythm", tuple(HeartRecording(n, x, 300.0, RHYTHMS[k], f) for n, x, k, f in found)
    )


def _rows(table: Path) -> list[list[str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def _murmurs(folder: Path) -> HeartSet:
    recordings: list[HeartRecording] = []
    label = ("normal", "abnormal")
    if (folder / "pcg_1000hz.flac").exists():
        samples, index = _joined(folder, "pcg_1000hz.flac")
        ends = index["offsets"].tolist()
        for name, sick, start, end in zip(
            index["names"].tolist(), index["abnormal"].tolist(), ends, ends[1:], strict=False
        ):
            recordings.append(HeartRecording(name, samples[start:end], 1000.0, label[sick], name[0]))
    else:
        for part in sorted(folder.glob("training-?")):
            for row in _rows(part / "REFERENCE.csv"):
                sound, rate = _sound(part / f"{row[0]}.wav")
                recordings.append(HeartRecording(row[0], sound, rate, label[int(row[1]) > 0], part.name[-1]))
    return HeartSet("CinC 2016", "heart-sound", tuple(recordings))


def _valves(folder: Path) -> HeartSet:
    paths = sorted(path for path in folder.rglob("*") if VALVE.fullmatch(path.name))
    names = [path.stem for path in paths]
    recordings = []
    for path, fold in zip(paths, _folds(names), strict=True):
        sound, rate = _sound(path)
        kind = VALVE.fullmatch(path.name)
        assert kind is not None
        recordings.append(HeartRecording(path.stem, sound, rate, VALVES[kind[1]], fold))
    return HeartSet("Yaseen 2018", "heart-valves", tuple(recordings))


VALVE = re.compile(r"(?:New_)?(N|MR|MS|MVP|AS)_\d+\.(?:flac|wav)")


def _sound(path: Path) -> tuple[Floats, float]:
    source = SoundFile(path)
    samples = np.concatenate([chunk.mean(1) for chunk in source.chunks()])
    source.close()
    return samples, float(source.rate)


def _beats(folder: Path) -> HeartSet:
    recordings = []
    for name, samples, marked, symbols in _marked(folder):
        group = "paced" if int(name) in PACED else "DS1" if int(name) in TRAIN_RECORDS else "DS2"
        labels = tuple(GROUPS.get(symbol, "") for symbol in symbols)
        recordings.append(HeartRecording(name, samples, 360.0, "", group, marked / 360.0, labels))
    return HeartSet("MIT-BIH", "heart-beats", tuple(recordings))


def _marked(folder: Path) -> Iterator[tuple[str, Floats, npt.NDArray[np.int64], list[str]]]:
    """Name, first lead in mV, beats in samples and their symbols of each record."""
    if (folder / "ecg_360hz.flac").exists():
        samples, index = _joined(folder, "ecg_360hz.flac")
        ends = index["offsets"].tolist()
        for place, name in enumerate(index["records"].tolist()):
            mine = index["beat_record"] == place
            piece = samples[ends[place] : ends[place + 1]] * np.float32(32768 / 200)
            yield name, piece, index["beat_sample"][mine].astype(np.int64), index["beat_symbol"][mine].tolist()
    else:
        for path in sorted(folder.glob("*.atr")):
            marked, symbols = read_beats(path)
            yield path.stem, read_signal(path.with_suffix(".hea"), 0.0).samples[:, 0], marked, symbols


READERS: dict[str, Callable[[Path], HeartSet]] = {
    "ecg_300hz.flac": _rhythms,
    "REFERENCE*.csv": _rhythms,
    "pcg_1000hz.flac": _murmurs,
    "training-?/REFERENCE.csv": _murmurs,
    "ecg_360hz.flac": _beats,
    "*.atr": _beats,
    "**/*N_[0-9]*": _valves,
}
"""Readers of the sets, by the files that tell each of them."""
