"""The motion clips of the package pybullet: people, recorded [Peng 2018, DeepMimic]."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np

from opendr_perception.training.motion import (
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

FOLDER = "pybullet_data/data/motions"


@dataclass(frozen=True)
class Clip:
    """A file of a motion.

    Attributes:
        file: Below FOLDER.
        action: What it shows.
        held_out: Whether it is kept for the evaluation.
        start, end: The part that shows it, seconds.
        turn: About y, of the person by the end of a repetition, rad.
    """

    file: str
    action: str
    held_out: bool = False
    start: float = 0.0
    end: float | None = None


CLIPS = (
    Clip("humanoid3d_walk.txt", "walk"),
    Clip("walker/0walk_forward.txt", "walk"),
    Clip("walker/turn_left0.txt", "walk"),
    Clip("walker/turn_left1.txt", "walk", held_out=True),
    Clip("walker/turn_right0.txt", "walk", held_out=True),
    Clip("walker/turn_right1.txt", "walk"),
    Clip("humanoid3d_run.txt", "run"),
    Clip("humanoid3d_jump.txt", "jump", held_out=True),
    Clip("humanoid3d_kick.txt", "kick", held_out=True),
    Clip("humanoid3d_spinkick.txt", "kick"),
    Clip("humanoid3d_punch.txt", "punch"),
    Clip("humanoid3d_crawl.txt", "crawl"),
    Clip("humanoid3d_getup_faceup.txt", "stand up"),
    Clip("humanoid3d_getup_facedown.txt", "stand up", held_out=True),
)
REPEATED = ("walk", "run", "crawl", "jump")


def parse_clip(text: str, clip: Clip) -> Motion:
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
    rotations = np.zeros((len(frames), 16, 4))
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
    wanted = np.arange(clip.start, min(clip.end or np.inf, stamps[-1]), 1 / RATE)
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
        weights = np.linspace(0, 1, len(near))[:, None, None]
        rotations[near] = blend(rotations[near[0]], rotations[near[-1]], weights)
    heading = np.repeat(turn * np.arange(times), len(motion))
    return replace(joined, rotations=rotations, heading=heading)


def yaw(root: Floats) -> float:
    """Direction about y in which somebody with the root's rotation (4,) faces."""
    forward = rotate(root, np.array([1.0, 0.0, 0.0]))
    return float(np.arctan2(-forward[2], forward[0]))
