"""Human motion as joint rotations, and where it brings the keypoints of a body.

The skeleton is that of the motion clips [Peng 2018, DeepMimic]: 16 joints; x forward, y up, z to the right; metres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from opendr_perception.training.body.measures import choose

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RATE = 30.0
"""Frames per second of all motions."""

ACTIONS = (
    "stand", "walk", "run", "jump", "wave", "sit down", "sit", "stand up", "fall", "lie", "punch", "kick", "crawl",
    "clap", "raise hands", "bend", "unknown",
)  # fmt: skip
"""The last one is whatever else people do."""
UNLABELLED = -1
"""Label of frames between two actions."""

JOINTS = (
    "root", "chest", "neck", "right hip", "right knee", "right ankle", "right shoulder", "right elbow", "left hip",
    "left knee", "left ankle", "left shoulder", "left elbow", "right wrist", "left wrist", "head",
)  # fmt: skip
PARENTS = (-1, 0, 1, 0, 3, 4, 1, 6, 0, 8, 9, 1, 11, 7, 12, 2)
COCO_JOINTS = np.array(
    [11, 6, 12, 7, 14, 13, 8, 3, 9, 4, 10, 5]
)  # of COCO's keypoints 5 to 16; the face is on the head


@dataclass(frozen=True)
class Motion:
    """A motion of T frames.

    Attributes:
        rotations: (T, 16, 4), unit quaternions (w, x, y, z): each joint against its parent, the root against the world.
        velocity: (T, 2), of the root over the ground (x, z), m/s; where it is NaN the lowest point of the body stays.
        lift: (T,), height of the lowest point of the body above the ground.
        labels: (T,), index in ACTIONS, or UNLABELLED.
        heading: (T,), direction in which the person goes on after this frame, about y.
    """

    rotations: Floats
    velocity: Floats
    lift: Floats
    labels: Ints
    heading: Floats

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, frames: slice | Ints) -> Motion:
        return Motion(*(getattr(self, field.name)[frames] for field in fields(self)))

    def turned(self, angle: Floats | float) -> Motion:
        """The same motion in another direction: turned about y by an angle, or by one per frame (T,)."""
        angle = np.broadcast_to(np.asarray(angle, np.float64), (len(self),))
        rotations = self.rotations.copy()
        rotations[:, 0] = multiply(about("y", angle), rotations[:, 0])
        cos, sin = np.cos(angle), np.sin(angle)
        x, z = self.velocity.T
        velocity = np.stack([cos * x + sin * z, cos * z - sin * x], 1)
        return Motion(rotations, velocity, self.lift, self.labels, self.heading + angle)

    def faster(self, factor: float) -> Motion:
        """The same motion at another speed."""
        count = max(2, round(len(self) / factor))
        nearest = np.round(np.linspace(0, len(self) - 1, count)).astype(int)
        return Motion(
            sample_rotations(self.rotations, np.linspace(0, len(self) - 1, count, dtype=np.float64)),
            self.velocity[nearest] * factor,
            self.lift[nearest],
            self.labels[nearest],
            self.heading[nearest],
        )


def join(motions: Sequence[Motion]) -> Motion:
    """One motion after the other, without a transition."""
    return Motion(*(np.concatenate([getattr(m, field.name) for m in motions]) for field in fields(Motion)))


@dataclass(frozen=True)
class Body:
    """The measures of one person.

    Attributes:
        offsets: (16, 3), of each joint from its parent.
        face: (5, 3), nose, left eye, right eye, left ear, right ear, from the neck, in the frame of the head.
    """

    offsets: Floats
    face: Floats

    @staticmethod
    def standard() -> Body:
        """The body of the motion clips; its face is that of an average adult."""
        offsets = np.zeros((16, 3))
        offsets[1:3, 1] = 0.236, 0.224
        offsets[15, 1] = 0.18
        for side, (hip, knee, ankle, shoulder, elbow, wrist) in (
            (1, (3, 4, 5, 6, 7, 13)),
            (-1, (8, 9, 10, 11, 12, 14)),
        ):
            offsets[hip] = 0.0, 0.0, side * 0.085
            offsets[knee, 1], offsets[ankle, 1] = -0.422, -0.410
            offsets[shoulder] = -0.024, 0.244, side * 0.183
            offsets[elbow, 1], offsets[wrist, 1] = -0.275, -0.259
        face = [(0.12, 0.12, 0.0), (0.10, 0.155, -0.032), (0.10, 0.155, 0.032), (0.0, 0.14, -0.075), (0.0, 0.14, 0.075)]
        return Body(offsets, np.array(face))

    @staticmethod
    def random(rng: np.random.Generator, held_out: bool = False) -> Body:
        """Somebody between a child of ten and a tall adult: one of the bodies of `bodies.py`, a little varied."""
        measured = choose(rng, held_out)
        body = Body.standard()
        offsets = body.offsets.copy()
        varied = {name: value * rng.normal(1.0, 0.03) for name, value in measured.items()}
        for knee, ankle, elbow, wrist in ((4, 5, 7, 13), (9, 10, 12, 14)):
            offsets[[knee, ankle, elbow, wrist], 1] = [-varied[k] for k in ("thigh", "shin", "upper_arm", "forearm")]
        offsets[[1, 2, 6, 11, 15], :2] *= varied["trunk"] / (offsets[1, 1] + offsets[6, 1])
        offsets[[3, 8], 2] = varied["half_hips"], -varied["half_hips"]
        offsets[[6, 11], 2] = varied["half_shoulders"], -varied["half_shoulders"]
        neck = offsets[2, :2] - offsets[6, :2]  # from the middle of the shoulders
        face = [(measured["nose_forward"], measured["nose_up"], 0.0)]
        for part in ("eye", "ear"):
            for side in (-1, 1):
                face.append((measured[f"{part}_forward"], measured[f"{part}_up"], side * measured[f"{part}_aside"]))
        return Body(offsets, np.array(face) - [*neck, 0.0])

    def pose(self, rotations: Floats) -> tuple[Floats, Floats]:
        """Places of the joints (T, 16, 3) and of the face (T, 5, 3) for rotations (T, 16, 4), relative to the root."""
        world: list[Floats] = []
        places: list[Floats] = []
        for joint, parent in enumerate(PARENTS):
            if parent < 0:
                world.append(rotations[:, joint])
                places.append(np.zeros((len(rotations), 3)))
            else:
                places.append(places[parent] + rotate(world[parent], self.offsets[joint]))
                world.append(multiply(world[parent], rotations[:, joint]))
        face = [places[2] + rotate(world[2], point) for point in self.face]
        return np.stack(places, 1), np.stack(face, 1)

    def keypoints(self, motion: Motion) -> Floats:
        """Places of COCO's keypoints in the world, (T, 17, 3); the ground is y = 0."""
        joints, face = self.pose(motion.rotations)
        lowest = joints[..., 1] - FLESH
        support = lowest.argmin(1)
        root = np.zeros((len(motion), 3))
        root[:, 1] = motion.lift - lowest.min(1)
        steps = motion.velocity / RATE
        moved = np.zeros_like(steps)  # of the supporting point, relative to the root
        rows = np.arange(1, len(motion))
        moved[1:] = (joints[rows, support[:-1]] - joints[rows - 1, support[:-1]])[:, [0, 2]]
        root[:, [0, 2]] = np.cumsum(np.where(np.isnan(steps), -moved, steps), 0)
        return np.concatenate([face, joints[:, COCO_JOINTS]], 1) + root[:, None]


FLESH = np.array([0.10, 0.12, 0.08, 0.10, 0.06, 0.08, 0.08, 0.05, 0.10, 0.06, 0.08, 0.08, 0.05, 0.04, 0.04, 0.10])
"""Metres from each joint to the skin."""


def about(axis: str, angle: Floats | float) -> Floats:
    """Quaternions (..., 4) of turns about an axis 'x', 'y' or 'z'."""
    half = np.asarray(angle, np.float64) / 2
    quaternion = np.zeros((*half.shape, 4))
    quaternion[..., 0] = np.cos(half)
    quaternion[..., 1 + "xyz".index(axis)] = np.sin(half)
    return quaternion


def multiply(a: Floats, b: Floats) -> Floats:
    """Product of quaternions (..., 4): first b, then a.

    Arrays of any shape broadcast. `scipy.spatial.transform.Rotation` takes lists alone, and twice to ten times as long.
    """
    aw, av, bw, bv = a[..., :1], a[..., 1:], b[..., :1], b[..., 1:]
    vector = aw * bv + bw * av + _cross(av, bv)
    return np.concatenate([aw * bw - (av * bv).sum(-1, keepdims=True), vector], -1)


def rotate(quaternion: Floats, vector: Floats) -> Floats:
    """Vectors (..., 3) turned by quaternions (..., 4)."""
    w, v = quaternion[..., :1], quaternion[..., 1:]
    vector = np.broadcast_to(vector, v.shape)
    twice = 2 * _cross(v, vector)
    return vector + w * twice + _cross(v, twice)


def _cross(a: Floats, b: Floats) -> Floats:
    """As `np.cross`, three times as fast for the short arrays here."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], -1)


def blend(a: Floats, b: Floats, weight: Floats) -> Floats:
    """Between quaternions a and b (..., 4), by the shorter way; weights broadcast, 0 is a."""
    b = np.where((a * b).sum(-1, keepdims=True) < 0, -b, b)
    mixed = (1 - weight) * a + weight * b
    return mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)


def sample_rotations(rotations: Floats, times: Floats) -> Floats:
    """Rotations (T, J, 4) at fractional frames."""
    first = np.clip(times.astype(int), 0, len(rotations) - 2)
    return blend(rotations[first], rotations[first + 1], (times - first)[:, None, None])
