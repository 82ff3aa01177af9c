"""Folders of labelled clips, for training and measuring: those of the public sets, and one folder for each label.

    folder      LABEL/anything.mp4, which is how UCF-101, HMDB51 and Kinetics come too
    ucf101      likewise; people and clips of one group (_gNN_) stay together
    hmdb51      likewise; clips that were cut from one film stay together
    kth         personNN_LABEL_dN_uncomp.avi in one folder or one for each label; split by person
    fight_surv  fiNNN.mp4 and nofiNNN.mp4; neighbouring numbers can be cut from one recording: split by blocks of them

Clips are read at 6 Hz of their own time, whole images, squeezed to a square.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from opendr_perception.training.activity.data import Films
from opendr_perception.training.activity.simulate import FRAME_RATE

SUFFIXES = (".mp4", ".avi", ".mkv", ".webm")
FOLDS = 5
BLOCK = 15
"""Neighbouring clips of `fight_surv` that stay together."""


@dataclass(frozen=True)
class ClipFile:
    """A clip, what it shows, and what it must not be parted from."""

    path: Path
    label: str
    group: int


def _of_folder(path: Path) -> ClipFile | None:
    return ClipFile(path, path.parent.name, _number(path.stem))


def _of_ucf101(path: Path) -> ClipFile | None:
    group = re.search(r"_g(\d+)_", path.name)
    return ClipFile(path, path.parent.name, int(group[1])) if group else None


def _of_hmdb51(path: Path) -> ClipFile | None:
    named = re.fullmatch(r"(.+)_[fhlu]_(?:cm|nm)_np\d_\w+_\w+_\d+", path.stem)  # what is seen, how, and which piece
    return ClipFile(path, path.parent.name, zlib.crc32(named[1].encode())) if named else None


def _of_kth(path: Path) -> ClipFile | None:
    named = re.match(r"person(\d+)_(\w+)_d\d", path.name)
    return ClipFile(path, named[2], int(named[1])) if named else None


def _of_fights(path: Path) -> ClipFile | None:
    named = re.fullmatch(r"(no)?fi(\d+)", path.stem)
    return ClipFile(path, "no fight" if named[1] else "fight", (int(named[2]) - 1) // BLOCK) if named else None


SETS: Mapping[str, Callable[[Path], ClipFile | None]] = {
    "folder": _of_folder,
    "ucf101": _of_ucf101,
    "hmdb51": _of_hmdb51,
    "kinetics": _of_folder,
    "kth": _of_kth,
    "fight_surv": _of_fights,
}
"""By name, what the path of a clip says; None for files that are no clips of the set."""


def find_clips(folder: Path, name: str) -> list[ClipFile]:
    """All clips of a set below a folder, in the order of their names.

    Raises:
        ValueError: there is no such set.
        FileNotFoundError: the folder has no clips of it.
    """
    if name not in SETS:
        raise ValueError(f"'{name}' is no set of clips; there are {', '.join(SETS)}")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    found = [clip for clip in map(SETS[name], paths) if clip is not None]
    if not found:
        raise FileNotFoundError(f"{folder} has no clips of the set '{name}'")
    return found


def read_clip(path: Path, frames: int, side: int) -> np.ndarray:
    """Read a clip at FRAME_RATE, its end repeated if it is too short: (frames, side, side, 3) uint8 RGB.

    Raises:
        ValueError: the file has no images.
    """
    capture = cv2.VideoCapture(str(path))
    rate = capture.get(cv2.CAP_PROP_FPS) or 30.0
    images: list[np.ndarray] = []
    number = 0
    while len(images) < frames:
        good, image = capture.read()
        if not good:
            break
        if number >= len(images) * rate / FRAME_RATE - 1e-6:
            small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
            images.append(small[..., ::-1])
        number += 1
    capture.release()
    if not images:
        raise ValueError(f"{path} has no images that can be read")
    images += [images[-1]] * (frames - len(images))
    return np.stack(images)


def read_clips(folder: Path, name: str, frames: int, side: int, fold: int) -> tuple[Films, Films, list[str]]:
    """Read a set of clips, split into FOLDS by group.

    Args:
        folder: Of the set.
        name: Of the set.
        frames: Of each clip.
        side: Pixels of its images.
        fold: Which groups are for testing: those whose number leaves this remainder.

    Returns:
        The clips for training, those for testing, and the labels.

    Raises:
        ValueError: there is no such set or fold, or a clip cannot be read.
        FileNotFoundError: the folder has no clips.
    """
    if not 0 <= fold < FOLDS:
        raise ValueError(f"fold must be 0 to {FOLDS - 1}, not {fold}")
    clips = find_clips(folder, name)
    labels = sorted({clip.label for clip in clips})
    images = np.stack([read_clip(clip.path, frames, side) for clip in clips])
    marks = np.array([labels.index(clip.label) for clip in clips])[:, None].repeat(frames, 1)
    testing = np.array([clip.group % FOLDS == fold for clip in clips])
    return Films(images[~testing], marks[~testing]), Films(images[testing], marks[testing]), labels


def _number(stem: str) -> int:
    """The last number in a name, which groups clips that were cut from one recording; 0 where there is none."""
    numbers = re.findall(r"\d+", stem)
    return int(numbers[-1]) if numbers else 0
