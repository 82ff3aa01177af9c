"""The action recogniser, watching streams as the node does: one frame after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from opendr_perception.evaluate.action.streams import PoseStream
from opendr_perception.tasks.action import ActionMemory, ActionRecogniser, TrackedPoses

Floats = npt.NDArray[np.float64]

TOGETHER = 16
"""Streams that are best watched at once."""


def watch(recogniser: ActionRecogniser, streams: Sequence[PoseStream]) -> list[Floats]:
    """The answer after each frame of streams, (T, labels) each."""
    memories = [ActionMemory() for _ in streams]
    keypoints = [stream.keypoints for stream in streams]
    answers: list[list[Floats]] = [[] for _ in streams]
    uniform = np.full(len(recogniser.labels), 1 / len(recogniser.labels))
    for frame in range(max(map(len, keypoints))):
        present = [k for k, points in enumerate(keypoints) if frame < len(points)]
        observations = [
            TrackedPoses(memories[k], ["1"], keypoints[k][frame][None], frame / streams[k].rate) for k in present
        ]
        for k, found in zip(present, recogniser(observations), strict=True):
            answers[k].append(found[0].probabilities if found else uniform)
    for memory in memories:
        recogniser.forget(memory)
    return [np.array(one, np.float64) for one in answers]
