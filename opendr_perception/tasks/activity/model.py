"""A continual video network, and what its file says about images, rate, labels and horizons."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.tasks.imaging import Pixels


@dataclass(frozen=True)
class Horizon:
    """Average over the newest frames.

    Args:
        frames: that it runs over.
        warm: frames after which nothing of it is from before the stream.
    """

    frames: int
    warm: int


@dataclass(frozen=True)
class Scores:
    """Answers to one frame of each of B streams.

    Args:
        probabilities: (B, labels, horizons), or (B, 2 labels, horizons) of a model that tells what begins, see
            `tasks.action.parted`.
        valid: (B,) bool, False while the network fills and between the answers of a strided one.
        frames: (B,) int64, seen so far.
    """

    probabilities: np.ndarray
    valid: np.ndarray
    frames: np.ndarray


class ActivityModel:
    """A network that sees one frame of each stream after the other.

    Args:
        session: written by `opendr_perception.training.activity.export`, whose
            metadata have `labels` (JSON), `activity` (JSON: side, rate, horizons, mean, deviation).

    Attributes:
        states: of the streams and people.

    Raises:
        EngineError: the model is of another kind.
    """

    def __init__(self, session: Session) -> None:
        self.states = StateBank(session)
        try:
            told = json.loads(session.metadata["activity"])
            self.labels = tuple(str(label) for label in json.loads(session.metadata["labels"]))
            self.side, self.rate = int(told["side"]), float(told["rate"])
            windows = [int(window) for window in told["horizons"]]
            self._scale = np.float32(1.0 / (255.0 * float(told["deviation"])))
            self._shift = np.float32(float(told["mean"]) / float(told["deviation"]))
            field, stride = int(session.metadata["receptive_field"]), int(session.metadata.get("stride", "1"))
            self.delay = int(session.metadata.get("delay", "0"))
        except (KeyError, ValueError, TypeError) as error:
            raise EngineError(f"{session.path}: not a network for activities from video: {error!r}") from error
        if not (math.isfinite(self.rate) and self.rate > 0 and self.side > 0 and self.labels and min(windows) > 0):
            raise EngineError(f"{session.path}: its rate, side, labels or horizons cannot be used")
        longest = max(windows)
        self.horizons = tuple(Horizon(stride * w, field - stride * (longest - w)) for w in windows)

    delay: int
    """Frames by which an answer is late: 0 of a network that looks back only."""

    @property
    def nbytes(self) -> int:
        """Memory of one stream or person in bytes."""
        return self.states.nbytes

    def step(self, keys: Sequence[Hashable], images: Sequence[Pixels]) -> Scores:
        """See one frame of each key.

        Args:
            keys: different ones.
            images: (side, side, 3) uint8 RGB of each.
        """
        frames = np.stack(images).transpose(0, 3, 1, 2).astype(np.float32) * self._scale - self._shift
        answer = self.states.step(keys, np.ascontiguousarray(frames))
        output = answer.output if answer.output.ndim == 3 else answer.output[..., None]
        return Scores(output, answer.valid, answer.frames)
