"""Motions written as key poses.

A pose is a few named angles, rad, in the terms of anatomy: flexion lifts a limb forward, abduction to the side. A
`Style` says how a person moves in general; the actions in `upright.py` and `grounded.py` are animated in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opendr_perception.training.body.motion import ACTIONS, RATE, Floats, Motion, about, multiply

Pose = Mapping[str, float]
Rng = np.random.Generator

ANGLES = (
    "root_pitch", "root_roll", "root_yaw", "chest_pitch", "chest_roll", "chest_yaw", "neck_pitch", "neck_yaw",
    *(f"{side}_{angle}" for side in ("r", "l") for angle in (
        "shoulder_flex", "shoulder_abd", "shoulder_twist", "elbow", "hip_flex", "hip_abd", "hip_twist", "knee", "ankle",
    )),
)  # fmt: skip
COLUMN = {name: column for column, name in enumerate(ANGLES)}


def both(**angles: float) -> dict[str, float]:
    """The same angles right and left."""
    return {f"{side}_{name}": angle for name, angle in angles.items() for side in ("r", "l")}


def one(side: str, **angles: float) -> dict[str, float]:
    """Angles of one side, 'r' or 'l'."""
    return {f"{side}_{name}": angle for name, angle in angles.items()}


def other(side: str) -> str:
    """The other side."""
    return "l" if side == "r" else "r"


@dataclass(frozen=True)
class Style:
    """Style of motion of a person.

    Attributes:
        posture: (angles,), added to every pose.
        pace: Speed of all motions, 1 is usual.
        vigour: Size of motions, 1 is usual.
        sway: Size of the slow sway, rad.
    """

    posture: Floats
    pace: float
    vigour: float
    sway: float

    @staticmethod
    def random(rng: Rng) -> Style:
        """Somebody."""
        posture = rng.normal(0, 0.05, len(ANGLES))
        for side in ("r", "l"):
            posture[COLUMN[f"{side}_shoulder_abd"]] += 0.13
            posture[COLUMN[f"{side}_elbow"]] += 0.25
            posture[COLUMN[f"{side}_hip_abd"]] += 0.06
            posture[COLUMN[f"{side}_knee"]] = abs(posture[COLUMN[f"{side}_knee"]])
        return Style(posture, rng.uniform(0.75, 1.3), rng.uniform(0.8, 1.2), rng.uniform(0.005, 0.03))


def animate(
    rng: Rng, style: Style, action: str, times: npt.ArrayLike, poses: Sequence[Pose], weight: float = 1.0
) -> Motion:
    """Go through key poses, smoothly.

    Args:
        rng: For the sway.
        style: How.
        action: What it shows.
        times: Of the poses, seconds at the usual pace, from 0.
        poses: What is not named is 0.
        weight: How much of the person's posture is added.
    """
    keys = np.zeros((len(poses), len(ANGLES)))
    for key, pose in zip(keys, poses, strict=True):
        for name, angle in pose.items():
            key[COLUMN[name]] = angle
    stamps = np.asarray(times, np.float64)
    end = stamps[-1] / style.pace
    at = np.arange(0, end, 1 / RATE) * style.pace
    k = np.clip(np.searchsorted(stamps, at, side="right") - 1, 0, len(stamps) - 2)
    share = (at - stamps[k]) / (stamps[k + 1] - stamps[k])
    share = (share * share * (3 - 2 * share))[:, None]
    return move(rng, style, action, keys[k] * (1 - share) + keys[k + 1] * share, weight)


def move(
    rng: Rng,
    style: Style,
    action: str,
    angles: Floats,
    weight: float = 1.0,
    velocity: Floats | None = None,
    lift: Floats | None = None,
) -> Motion:
    """A motion from angles (T, len(ANGLES)), with the posture and sway of a style; by default feet stay in place."""
    count = len(angles)
    seconds = np.arange(count)[:, None] / RATE
    rates, phases = rng.uniform(0.1, 0.6, (2, len(ANGLES))), rng.uniform(0, 2 * np.pi, (2, len(ANGLES)))
    sway = sum(np.sin(2 * np.pi * rate * seconds + phase) for rate, phase in zip(rates, phases, strict=True))
    angles = angles + weight * style.posture + style.sway * sway
    return Motion(
        rotations_of(angles),
        np.full((count, 2), np.nan) if velocity is None else velocity,
        np.zeros(count) if lift is None else lift,
        np.full(count, ACTIONS.index(action)),
        np.zeros(count),
    )


def rotations_of(angles: Floats) -> Floats:
    """Joint rotations (T, 16, 4) of angles (T, len(ANGLES))."""

    def at(name: str) -> Floats:
        return angles[:, COLUMN[name]]

    rotations = np.zeros((len(angles), 16, 4))
    rotations[..., 0] = 1.0
    root = multiply(about("y", at("root_yaw")), about("z", -at("root_pitch")))
    rotations[:, 0] = multiply(root, about("x", at("root_roll")))
    chest = multiply(about("y", at("chest_yaw")), about("z", -at("chest_pitch")))
    rotations[:, 1] = multiply(chest, about("x", at("chest_roll")))
    rotations[:, 2] = multiply(about("y", at("neck_yaw")), about("z", -at("neck_pitch")))
    for side, sign, (hip, knee, ankle, shoulder, elbow) in (("r", -1, (3, 4, 5, 6, 7)), ("l", 1, (8, 9, 10, 11, 12))):
        for joint, name in ((hip, "hip"), (shoulder, "shoulder")):
            swing = multiply(about("z", at(f"{side}_{name}_flex")), about("x", sign * at(f"{side}_{name}_abd")))
            rotations[:, joint] = multiply(swing, about("y", sign * at(f"{side}_{name}_twist")))
        rotations[:, knee] = about("z", -np.maximum(at(f"{side}_knee"), 0.0))
        rotations[:, elbow] = about("z", np.maximum(at(f"{side}_elbow"), 0.0))
        rotations[:, ankle] = about("z", at(f"{side}_ankle"))
    return rotations
