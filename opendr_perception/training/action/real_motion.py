"""Real people who do one thing after another, as labelled frames for the network.

Recordings with depth are seen by random cameras, with the errors of MoveNet; recordings of images are moved, turned and
squeezed a little, and get the same errors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from opendr_perception.evaluate.action.recordings import UNJUDGED, ActionRecording
from opendr_perception.evaluate.action.sets import READERS
from opendr_perception.evaluate.action.streams import PoseStream, join
from opendr_perception.training.action.camera import Viewpoint, degrade, observe_people, stamps
from opendr_perception.training.action.simulate import LabelledFrames, labelled
from opendr_perception.training.body.motion import ACTIONS, RATE, UNLABELLED, Floats, Ints

Rng = np.random.Generator

SHARES = {"utd_mhad": 0.30, "msr_action3d": 0.22, "kard": 0.22, "florence3d": 0.10, "cdta": 0.04, "jhmdb": 0.12}
"""Probability of drawing a person of each set."""
AS_FILMED = 0.3
"""Share of recordings with depth that are taken as their own camera has seen them."""
CLEAN = 0.35
"""Share of sequences whose keypoints have hardly any errors, as those of the sets themselves."""
PACES = (0.75, 1.35)
ONSET = 0.2
"""Seconds without a label after something new begins."""

People = Mapping[str, Sequence[ActionRecording]]
"""The recordings of each person of a set."""


class RealPeople:
    """People of sets of recordings.

    Args:
        folder: Where the sets are, `<name>.npz`.
        sets: Names of the sets.
        part: Which of their people.
    """

    def __init__(self, folder: Path, sets: Iterable[str], part: str = "train") -> None:
        self.people: dict[str, dict[str, dict[str, list[ActionRecording]]]] = {}
        for name in sets:
            found: dict[str, dict[str, list[ActionRecording]]] = defaultdict(lambda: defaultdict(list))
            for recording in READERS[name](folder / f"{name}.npz"):
                if recording.part == part:
                    who = "all" if name in ("cdta", "jhmdb") else recording.subject
                    found[who]["/".join(recording.accepted)].append(recording)
            self.people[name] = {who: dict(by_action) for who, by_action in found.items()}

    def sequence(self, seed: Sequence[int], seconds: float) -> LabelledFrames:
        """The sequence that belongs to a seed: somebody doing several things."""
        rng = np.random.default_rng(seed)
        names = [*self.people]
        shares = np.array([SHARES[name] for name in names])
        name = names[rng.choice(len(names), p=shares / shares.sum())]
        somebody = self.people[name][str(rng.choice([*self.people[name]]))]
        pace = rng.uniform(*PACES)
        return render(rng, _draw(rng, somebody, seconds * pace), pace, seconds)


def _draw(rng: Rng, somebody: Mapping[str, Sequence[ActionRecording]], seconds: float) -> list[ActionRecording]:
    """Recordings of somebody for so long: known actions alike, and as many again that are unknown."""
    names = [*somebody]
    weights = np.array([0.5 * len(names) if name == "unknown" else 1.0 for name in names])
    drawn: list[ActionRecording] = []
    while sum(recording.seconds + 0.8 for recording in drawn) < seconds + 1.0:
        several = somebody[names[rng.choice(len(names), p=weights / weights.sum())]]
        drawn.append(several[int(rng.integers(len(several)))])
    return drawn


def render(rng: Rng, recordings: Sequence[ActionRecording], pace: float, seconds: float) -> LabelledFrames:
    """Let a camera look at recordings of one person, one after the other, at another pace."""
    flat = recordings[0].world is None or rng.random() < AS_FILMED
    stream = join(rng, recordings, world=not flat, names_added=True)
    labels = labels_of(stream)
    every = np.arange(0, len(labels) - 1, stream.rate * pace / RATE, dtype=np.float64)
    start = rng.integers(max(1, min(round(2 * RATE), len(every) - round(seconds * RATE))))
    places = every[start : start + round(seconds * RATE)]
    points, missing = _between(stream, places)
    nearest = np.round(places).astype(int)
    at = stamps(rng, len(places) / RATE)
    picked = np.minimum((at * RATE).astype(int), len(places) - 1)
    keypoints = _flat(rng, points[picked], at) if flat else _in_space(rng, points, at)
    keypoints[missing[picked], 2] = 0.0
    return labelled(rng, keypoints, at, labels[nearest])


def labels_of(stream: PoseStream) -> Ints:
    """(T,), index in ACTIONS, UNLABELLED in transitions and where something new has just begun."""
    labels = np.array([UNLABELLED if name == UNJUDGED else ACTIONS.index(name) for name in stream.names])
    for segment in stream.segments:
        if len(segment.recording.accepted) > 1:
            labels[segment.begin : segment.end] = UNLABELLED
    changes = np.flatnonzero(np.diff(labels)) + 1
    before, after = labels[changes - 1], labels[changes]
    for change, old, new in zip(changes, before, after, strict=True):
        if new != UNLABELLED and old != new:
            labels[change : change + round(ONSET * stream.rate)] = UNLABELLED
    return labels


def _between(stream: PoseStream, places: Floats) -> tuple[Floats, np.ndarray]:
    """Points (n, 17, D) at fractional frames, and which are missing (n, 17)."""
    first = places.astype(int)
    share = (places - first)[:, None, None]
    points = (1 - share) * stream.points[first] + share * stream.points[first + 1]
    return points, ~(stream.seen[first] & stream.seen[first + 1])


def _in_space(rng: Rng, world: Floats, at: Floats) -> Floats:
    """As a random camera with MoveNet sees it."""
    centre = (np.percentile(world, 2, axis=(0, 1)) + np.percentile(world, 98, axis=(0, 1))) / 2
    reach = float(np.ptp(world[:, 11:13, [0, 2]], axis=(0, 1)).max()) + 1.0
    viewpoint = Viewpoint.random(rng, centre, reach, held_out=bool(rng.random() < 0.2))
    keypoints = observe_people(rng, world, viewpoint, at)
    if rng.random() < CLEAN:
        picked = np.minimum((at * RATE).astype(int), len(world) - 1)
        keypoints[..., :2], keypoints[..., 2] = viewpoint.project(world[picked]), 0.9
        keypoints[..., :2] += rng.normal(0, 0.002, keypoints[..., :2].shape) * viewpoint.camera.focal
    return keypoints


def _flat(rng: Rng, pixels: Floats, at: Floats) -> Floats:
    """As filmed, with the image turned and squeezed a little, and the errors of MoveNet."""
    roll, squeeze, size = rng.normal(0, 0.08), np.exp(rng.normal(-0.05, 0.1)), np.exp(rng.uniform(-1.0, 0.7))
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    pixels = size * (pixels * [squeeze, 1.0]) @ turn.T
    if rng.random() < CLEAN:
        noisy = pixels + rng.normal(0, 0.003, pixels.shape) * np.ptp(pixels[..., 1])
        return np.concatenate([noisy, np.full((*pixels.shape[:2], 1), 0.9)], -1)
    return degrade(rng, pixels, at, np.zeros(pixels.shape[:2]), None)
