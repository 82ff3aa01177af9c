"""Train to the end: say how far it is, and keep checkpoints."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator
from typing import Protocol

import numpy as np
from rich.console import Console
from torch import Tensor

FIGURES = ("loss", "accuracy")


class Steps(Protocol):
    """Settings of a training, of whatever else."""

    @property
    def steps(self) -> int:
        """Number of steps of the whole training."""


class Training(Protocol):
    """A `checkpoint.Resumable` with its steps."""

    settings: Steps

    def run(self) -> Iterator[tuple[float | Tensor, ...]]:
        """Train to the end; gives after each step its number and figures: its loss, maybe its accuracy.

        Figures may be tensors: they are read when a line is printed, so that a GPU need not be waited for at each step.
        """
        ...

    def save(self) -> None:
        """Write a checkpoint."""
        ...


def train(training: Training, console: Console, every: int) -> None:
    """Run a training.

    Args:
        training: begun or resumed.
        console: gets the mean figures of the last steps, and the time.
        every: steps between two lines, and two checkpoints.

    Raises:
        FloatingPointError: a loss was not finite, from which no training comes back; the checkpoint is an older one.
    """
    steps, begun, recent = training.settings.steps, time.monotonic(), deque[tuple[float | Tensor, ...]](maxlen=every)
    for done, (step, *figures) in enumerate(training.run(), 1):
        recent.append(tuple(figures))
        if step % every == 0 or step == steps:
            spent = (time.monotonic() - begun) / 60
            rows = [[float(figure) for figure in row] for row in recent]
            if not all(math.isfinite(loss) for loss, *_ in rows):
                raise FloatingPointError(f"step {step}: a loss is not finite; nothing of this training can be used")
            means = "  ".join(f"{name} {mean:.4f}" for name, mean in zip(FIGURES, np.mean(rows, axis=0), strict=False))
            console.print(f"step {step}/{steps}  {means}  {spent:.1f} min, {spent / done * (steps - step):.1f} to go")
            training.save()
