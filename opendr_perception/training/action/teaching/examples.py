"""Sequences to learn from: a few recordings of somebody, again and again, each time a little different."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from opendr_perception.evaluate.action.recordings import UNJUDGED, ActionRecording
from opendr_perception.evaluate.action.streams import FEET, PoseStream, alone, join
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action.camera import degrade
from opendr_perception.training.action.pool import augment
from opendr_perception.training.action.simulate import as_reported, training_sequence
from opendr_perception.training.body.motion import UNLABELLED

Rng = np.random.Generator
Floats = npt.NDArray[np.float64]
Arrays = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]

AS_BEFORE = -2
"""Label of frames in which the source is right: the network shall go on to say what it said."""
FRAMES = 128
"""Of a sequence."""
ONSET = 0.2
"""Seconds without a label after an action begins: they look like what was before."""
ALONE = 0.5
"""Share of sequences of one recording only; else others of the same person stand around it."""
KNOWN = 0.4
"""Share of pieces without a label, where there are any."""
REPLAYED = 64
"""Simulated sequences in which nothing may be forgotten."""
ANYTHING = "?"
"""Name of what is as before."""


@dataclass(frozen=True)
class Variation:
    """Ranges in which recordings are varied.

    Attributes:
        pace: From slowest to fastest.
        roll: Turn of the image, radians, standard deviation.
        squeeze: Of its width, as the logarithm's standard deviation: somebody who stands obliquely is narrower.
        noise: Of keypoints, in body heights.
        degraded: Share of sequences with the errors of a pose network instead.
        mirror: Share of sequences in a mirror; 0 where left and right make a difference.
    """

    pace: tuple[float, float] = (0.75, 1.35)
    roll: float = 0.07
    squeeze: float = 0.15
    noise: float = 0.006
    degraded: float = 0.6
    mirror: float = 0.0


class LabelledSequences:
    """Draws sequences.

    Args:
        recordings: Of actions, and pieces with the action UNJUDGED.
        labels: Of the network that learns.
        variation: Of what is drawn.
    """

    def __init__(
        self, recordings: Sequence[ActionRecording], labels: Sequence[str], variation: Variation = Variation()
    ) -> None:
        self.variation = variation
        self.numbers = {name: number for number, name in enumerate(labels)}
        self.by_action: defaultdict[str, list[ActionRecording]] = defaultdict(list)
        self.by_person: defaultdict[tuple[str, float], list[ActionRecording]] = defaultdict(list)
        for one in recordings:
            name = ANYTHING if one.action == UNJUDGED else f"#{self.numbers[one.action]}"  # names are cut to 16 letters
            numbered = replace(one, action=name, accepted=(name,))
            self.by_action[name].append(numbered)
            self.by_person[one.subject, one.rate].append(numbered)

    def sequence(self, rng: Rng) -> Arrays:
        """Draw frames (t, 5, 17) and labels (t,); all actions alike."""
        known = ANYTHING in self.by_action and rng.random() < KNOWN
        names = [ANYTHING] if known else [name for name in self.by_action if name != ANYTHING]
        several = self.by_action[names[rng.integers(len(names))]]
        chosen = several[rng.integers(len(several))]
        stream = self._around(rng, chosen)
        (begin, end), rate = _span(stream, chosen), stream.rate
        pace = rng.uniform(*self.variation.pace)
        first = int(rng.integers(max(0, begin - round(2.5 * rate)), begin + 1))
        last = min(len(stream.names), end + round(rng.uniform(0.0, 1.5) * rate))
        stamps = np.arange(last - first) / (rate * pace)
        keypoints = self._varied(rng, stream.keypoints[first:last], stamps)
        frames = skeleton.observe_all(keypoints, stamps)
        places = np.minimum(np.arange(len(frames)) / skeleton.RATE * rate * pace, len(keypoints) - 1).astype(int)
        labels = self._labels(stream)[first:last][places]
        keep = slice(max(0, len(frames) - FRAMES), None)  # the end says most
        return frames[keep], labels[keep]

    def batch(self, rng: Rng, size: int) -> Arrays:
        """Draw frames (size, 5, FRAMES, 17) and labels (size, FRAMES)."""
        frames, labels = together([self.sequence(rng) for _ in range(size)])
        return augment(rng, frames, labels, self.variation.mirror)

    def _around(self, rng: Rng, chosen: ActionRecording) -> PoseStream:
        others = [one for one in self.by_person[chosen.subject, chosen.rate] if _on_feet(one)]
        if rng.random() < ALONE or not others or not _on_feet(chosen):
            return alone(chosen)
        around = [others[rng.integers(len(others))] for _ in range(2)]
        return join(rng, [around[0], chosen, *around[1 : 1 + rng.integers(2)]])

    def _labels(self, stream: PoseStream) -> npt.NDArray[np.int64]:
        numbers = np.array([self._number(str(name)) for name in stream.names], np.int64)
        for change in np.flatnonzero(np.diff(numbers)) + 1:
            if numbers[change] >= 0:
                numbers[change : change + round(ONSET * stream.rate)] = UNLABELLED
        return numbers

    def _number(self, name: str) -> int:
        if name == ANYTHING:
            return AS_BEFORE
        return int(name[1:]) if name.startswith("#") else self.numbers.get(name, UNLABELLED)

    def _varied(self, rng: Rng, keypoints: Floats, stamps: Floats) -> Floats:
        """Another view, errors and scores, so that nothing but the movement tells these from simulated people."""
        roll, squeeze = rng.normal(0, self.variation.roll), np.exp(rng.normal(0, self.variation.squeeze))
        turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
        varied = keypoints.copy()
        varied[..., :2] = (keypoints[..., :2] * [squeeze, 1.0]) @ turn.T
        missing = keypoints[..., 2] <= 0
        if rng.random() < self.variation.degraded:
            varied = degrade(rng, varied[..., :2], stamps, missing.astype(np.float64), None)
        else:
            height = float(np.ptp(varied[~missing][:, 1])) if not missing.all() else 0.0
            varied[..., :2] += rng.normal(0, self.variation.noise * height, varied[..., :2].shape)
        varied[missing] = 0.0
        return as_reported(rng, varied)


def replayed(seed: int, count: int = REPLAYED) -> Arrays:
    """Simulate people who do what the source knows: frames (count, 5, FRAMES, 17), and labels (count, FRAMES)."""
    examples = [training_sequence((seed, 7, k), {}, FRAMES / skeleton.RATE + 0.5).frames[:FRAMES] for k in range(count)]
    return together([(frames, np.full(len(frames), AS_BEFORE)) for frames in examples])


def together(examples: Sequence[Arrays]) -> Arrays:
    """Put sequences into arrays of one length, blank and without labels behind their ends."""
    frames = np.zeros((len(examples), skeleton.CHANNELS, FRAMES, skeleton.JOINTS), np.float32)
    labels = np.full((len(examples), FRAMES), UNLABELLED, np.int64)
    for row, (one, numbers) in enumerate(examples):
        count = min(len(one), FRAMES)
        frames[row, :, :count] = one[:count].transpose(1, 0, 2)
        labels[row, :count] = numbers[:count]
    return frames, labels


def _on_feet(one: ActionRecording) -> bool:
    """True if it can be joined to others: by the feet, at both ends."""
    return bool(one.seen[[0, -1]][:, FEET].all())


def _span(stream: PoseStream, chosen: ActionRecording) -> tuple[int, int]:
    return next((s.begin, s.end) for s in stream.segments if s.recording is chosen)
