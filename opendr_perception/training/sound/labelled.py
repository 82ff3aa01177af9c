"""Sounds that somebody brings to be taught: folders by label, and files with rows of labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opendr_perception.evaluate.report import DatasetError
from opendr_perception.evaluate.sound import RATE, LabelledSound
from opendr_perception.tasks.sound import read_sound
from opendr_perception.training.common.label_rows import read_labels

ENDINGS = (".wav", ".flac", ".ogg", ".mp3")
PIECE = 4.0
"""Seconds of a piece without a label."""


def gather(paths: Sequence[Path], labels: Path | None) -> list[LabelledSound]:
    """Sounds of folders by label, and of files with rows; those without a label have the label ''.

    Raises:
        DatasetError: A recording or a label cannot be used; nothing is learned then.
    """
    files = [path for path in paths if not path.is_dir()]
    found = [one for path in paths if path.is_dir() for one in _of_folder(path)]
    if not files:
        return found
    if labels is None:
        raise DatasetError(f"{files[0]} has no labels in itself: say what is heard when, by --labels FILE")
    rows = read_labels(labels, files)
    for path in files:
        samples = _samples(path)
        unlabelled = np.ones(len(samples), bool)
        for row in rows.get(path, []):
            piece = slice(round(row.begin * RATE), round(row.end * RATE))
            if piece.stop > len(samples) + RATE // 2:
                raise DatasetError(f"{labels}, line {row.line} ({row.label}): {path.name} ends before {row.end:g} s")
            found.append(LabelledSound(samples[piece], row.label, path.name))
            unlabelled[piece] = False
        found += [LabelledSound(samples[piece], "", path.name) for piece in _pieces(unlabelled)]
    return found


def _pieces(free: npt.NDArray[np.bool_]) -> Iterator[slice[int, int, None]]:
    """Pieces of PIECE s of the stretches of samples (n,) that are free."""
    edges, size = np.flatnonzero(np.diff(free, prepend=False, append=False)), round(PIECE * RATE)
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        for begin in range(first, last - size + 1, size):
            yield slice(begin, begin + size)


def _of_folder(folder: Path) -> list[LabelledSound]:
    found = [
        LabelledSound(_samples(path), kind.name.replace("_", " "), path.stem)
        for kind in sorted(folder.iterdir())
        if kind.is_dir()
        for path in sorted(kind.iterdir())
        if path.suffix.lower() in ENDINGS
    ]
    if not found:
        raise DatasetError(f"{folder} has no folders of sounds ({', '.join(ENDINGS)}), one for each label")
    return found


def _samples(path: Path) -> npt.NDArray[np.float32]:
    try:
        samples = read_sound(path, RATE)
    except (OSError, RuntimeError, ValueError) as error:
        raise DatasetError(str(error)) from error
    if not np.abs(samples).max(initial=0.0) > 0:
        raise DatasetError(f"{path} is silent: there is nothing to learn from it")
    return samples
