"""People who do one thing after another, as labelled frames for the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action import grounded, upright
from opendr_perception.training.action.camera import MIRRORED, Viewpoint, observe_people, stamps
from opendr_perception.training.action.data import REPEATED, MotionClip, repeat
from opendr_perception.training.body.key_poses import ANGLES, Pose, Style, rotations_of
from opendr_perception.training.body.motion import ACTIONS, RATE, UNLABELLED, Body, Motion, blend, join

Rng = np.random.Generator

RECORDED = 0.45
"""Share of recorded motions, for actions that have any."""

STANDING_WEIGHTS = {
    "stand": 1.5, "walk": 4.0, "run": 1.8, "jump": 1.2, "wave": 2.0, "punch": 2.2, "kick": 1.4, "clap": 1.8,
    "raise hands": 1.0, "bend": 1.5, "unknown": 3.0,
}  # fmt: skip
PACES = {"walk": (0.8, 1.6), "run": (0.65, 1.2)}
"""Recorded people walk slowly and run fast."""

SITTING_WEIGHT, FALLING_WEIGHT, CRAWLING_WEIGHT = 1.4, 1.5, 1.1
ONSET = 0.25
"""Seconds of a new action that count as no action: they look like the last one."""

SURE, NOSE_ONLY, FACELESS = 0.35, 0.25, 0.1
"""Shares of examples: all scores are alike; of the face only the nose is known; nothing of the face is."""

SEEN = 6
"""Joints without which nobody could tell what a person does."""


@dataclass(frozen=True)
class LabelledFrames:
    """Frames of one person: (T, 5, 17) float32, and the action in each (T,), UNLABELLED between actions."""

    frames: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]


class Actor:
    """Makes up what somebody does.

    Args:
        rng: Decides.
        clips: Recorded motions that may be used.
    """

    def __init__(self, rng: Rng, clips: Mapping[MotionClip, Motion]) -> None:
        self.rng = rng
        self.style = Style.random(rng)
        self._recorded: dict[str, list[Motion]] = {}
        for clip, motion in clips.items():
            self._recorded.setdefault(clip.action, []).append(motion)

    def play(self, seconds: float) -> Motion:
        """Do one thing after another for so long."""
        names = [*STANDING_WEIGHTS, "sitting", "falling", "crawling"]
        weights = np.array([*STANDING_WEIGHTS.values(), SITTING_WEIGHT, FALLING_WEIGHT, CRAWLING_WEIGHT])
        scene: list[Motion] = []
        while sum(map(len, scene)) < (seconds + 4.0) * RATE:
            scene += self.act(str(self.rng.choice(names, p=weights / weights.sum())))
        motion = connect(self.rng, scene)
        start = self.rng.integers(max(1, min(len(motion) - round(seconds * RATE), round(4 * RATE))))
        return motion[start : start + round(seconds * RATE)]

    def around(self, motion: Motion, seconds: float) -> Motion:
        """Stand, do one motion, and stand."""
        before, after = self._stand(self.rng.uniform(0.5, 2.0)), self._stand(seconds)
        repeats = [repeat(motion, 2)] if ACTIONS[motion.labels[0]] in REPEATED else [motion]
        return connect(self.rng, [before, *repeats, after])[: round(seconds * RATE)]

    def _stand(self, seconds: float) -> Motion:
        motion = upright.stand(self.rng, self.style)
        while len(motion) < seconds * RATE:
            motion = join([motion, upright.stand(self.rng, self.style)])
        return motion[: round(seconds * RATE)]

    def act(self, name: str) -> list[Motion]:
        """One action, or a few that belong together."""
        rng, style = self.rng, self.style
        if name == "sitting":
            seat = grounded.seat(rng)
            scene = [grounded.sit_down(rng, style, seat), grounded.sit(rng, style, seat)]
            if rng.random() < 0.3:
                scene.append(
                    self._seated(upright.UPRIGHT[str(rng.choice(["wave", "clap", "raise hands"]))](rng, style), seat)
                )
                scene.append(grounded.sit(rng, style, seat))
            return [*scene, grounded.rise(rng, style, seat)]
        if name == "falling":
            falling, pose = grounded.fall(rng, style)
            scene = [falling, grounded.lie(rng, style, pose)]
            if rng.random() < 0.25:
                scene.append(grounded.lie(rng, style, pose))
            return [*scene, *self._get_up(pose)]
        if name == "crawling":
            recorded = self._pick("crawl")
            crawling = recorded if recorded is not None else grounded.crawl(rng, style)
            return [crawling, grounded.get_up(rng, style, grounded.all_fours(0.0))]
        recorded = self._pick(name)
        return [recorded if recorded is not None else upright.UPRIGHT[name](rng, style)]

    def _get_up(self, pose: Pose) -> list[Motion]:
        recorded = self._pick("stand up")
        return [grounded.get_up(self.rng, self.style, pose) if recorded is None else recorded]

    def _pick(self, action: str) -> Motion | None:
        """A recorded motion at a pace of its own, or None for a procedural one."""
        motions = self._recorded.get(action)
        if not motions or self.rng.random() > RECORDED:
            return None
        motion = motions[self.rng.integers(len(motions))]
        if action in REPEATED:
            motion = repeat(motion, max(1, round(self.rng.uniform(2.0, 6.0) * RATE / len(motion))))
        low, high = PACES.get(action, (0.8, 1.25))
        motion = motion.faster(self.rng.uniform(low, high))
        if action in ("walk", "run") and self.rng.random() < upright.ON_THE_SPOT:
            motion = replace(motion, velocity=0.1 * motion.velocity)
        return motion

    @staticmethod
    def _seated(motion: Motion, seat: Pose) -> Motion:
        """The arms of a motion on a seated person."""
        legs = rotations_of(np.array([[seat.get(name, 0.0) for name in ANGLES]]))[0]
        rotations = motion.rotations.copy()
        rotations[:, [0, 3, 4, 5, 8, 9, 10]] = legs[[0, 3, 4, 5, 8, 9, 10]]
        return replace(motion, rotations=rotations)


def connect(rng: Rng, scene: Sequence[Motion]) -> Motion:
    """Let motions follow each other, with blended transitions."""
    pieces: list[Motion] = []
    heading = float(rng.uniform(0, 2 * np.pi))
    for motion in scene:
        motion = motion.turned(heading)
        labels = motion.labels.copy()
        if pieces and labels[0] != pieces[-1].labels[-1]:
            labels[: round(ONSET * RATE)] = UNLABELLED
        motion = replace(motion, labels=labels)
        if pieces:
            pieces.append(_transition(rng, pieces[-1], motion))
        pieces.append(motion)
        heading = float(motion.heading[-1]) + rng.normal(0, 0.4)
    return join(pieces)


def _transition(rng: Rng, before: Motion, after: Motion) -> Motion:
    apart = 1 - np.abs((before.rotations[-1] * after.rotations[0]).sum(-1)).min()
    count = round((rng.uniform(0.1, 0.25) + min(1.2, 1.6 * apart)) * RATE)
    weight = np.linspace(0, 1, count + 2)[1:-1]
    weight = weight * weight * (3 - 2 * weight)
    same = before.labels[-1] == after.labels[-1] and count < 0.6 * RATE
    velocity = np.where(
        np.isnan(before.velocity[-1]) | np.isnan(after.velocity[0]),
        np.nan,
        (1 - weight)[:, None] * before.velocity[-1] + weight[:, None] * after.velocity[0],
    )
    return Motion(
        blend(before.rotations[-1], after.rotations[0], weight[:, None, None]),
        velocity,
        (1 - weight) * before.lift[-1] + weight * after.lift[0],
        np.full(count, after.labels[-1] if same else UNLABELLED),
        np.full(count, after.heading[0]),
    )


def render(rng: Rng, motion: Motion, held_out: bool) -> LabelledFrames:
    """Let somebody of random measures do a motion before a random camera.

    Args:
        rng: Decides who, where and with which errors.
        motion: What is done.
        held_out: From camera elevations of the evaluation instead of those of the training.
    """
    world = Body.random(rng, held_out).keypoints(motion)
    centre = (world.min((0, 1)) + world.max((0, 1))) / 2
    reach = float(np.ptp(world[:, :, [0, 2]], axis=(0, 1)).max())
    viewpoint = Viewpoint.random(rng, centre, reach, held_out)
    at = stamps(rng, len(motion) / RATE)
    keypoints = observe_people(rng, world, viewpoint, at)
    return labelled(rng, keypoints, at, motion.labels)


def labelled(
    rng: Rng, keypoints: npt.NDArray[np.float64], at: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]
) -> LabelledFrames:
    """Frames of the network from keypoints (n, 17, 3) at times (n,); half of it in a mirror. Labels come at RATE."""
    if rng.random() < 0.5:
        keypoints = keypoints[:, MIRRORED] * [-1.0, 1.0, 1.0]
    keypoints = as_reported(rng, keypoints)
    together = skeleton.observe_all(keypoints, at)
    times = at[0] + np.arange(len(together)) / skeleton.RATE
    held = labels[np.minimum((times * RATE).astype(int), len(labels) - 1)]
    too_little = (together[:, 2] > 0).sum(1) < SEEN
    return LabelledFrames(together, np.where(too_little, UNLABELLED, held))


def as_reported(rng: Rng, keypoints: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Keypoints as other pose estimators report them: all sure, or of the face the nose only, or nothing."""
    keypoints = keypoints.copy()
    if rng.random() < SURE:
        seen = keypoints[..., 2] >= skeleton.MIN_SCORE
        keypoints[..., 2] = np.where(seen, rng.uniform(0.7, 1.0), 0.0)
    faceless = rng.random()
    if faceless < NOSE_ONLY:
        keypoints[:, 1:5, 2] = 0.0
    elif faceless < NOSE_ONLY + FACELESS:
        keypoints[:, :5, 2] = 0.0
    return keypoints


def batch_of(examples: Sequence[LabelledFrames], length: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Put examples into arrays of one length.

    Returns:
        (n, 5, length, 17) frames, blank where an example has ended, and (n, length) labels.
    """
    frames = np.zeros((len(examples), skeleton.CHANNELS, length, skeleton.JOINTS), np.float32)
    labels = np.full((len(examples), length), UNLABELLED)
    for row, example in enumerate(examples):
        count = min(length, len(example.frames))
        frames[row, :, :count] = example.frames[:count].transpose(1, 0, 2)
        labels[row, :count] = example.labels[:count]
    return frames, labels


def training_sequence(seed: Sequence[int], clips: Mapping[MotionClip, Motion], seconds: float) -> LabelledFrames:
    """The sequence that belongs to a seed: somebody doing several things."""
    rng = np.random.default_rng(seed)
    return render(rng, Actor(rng, clips).play(seconds), held_out=False)
