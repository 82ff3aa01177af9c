"""A training says how far it is and keeps checkpoints; what has come to nothing is not kept."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from rich.console import Console

from opendr_perception.training.common.loop import train


class Training:
    """A training of steps with these losses."""

    def __init__(self, losses: list[float]) -> None:
        self.losses = losses
        self.settings = SimpleNamespace(steps=len(losses))
        self.saved: list[int] = []
        self.step = 0

    def run(self) -> Iterator[tuple[float, float]]:
        for loss in self.losses:
            self.step += 1
            yield self.step, loss

    def save(self) -> None:
        self.saved.append(self.step)


def test_it_says_how_far_it_is_and_keeps_checkpoints() -> None:
    training = Training([3.0, 2.0, 1.0, 1.0, 0.5])
    console = Console(record=True, width=120)
    train(training, console, 2)
    assert training.saved == [2, 4, 5]
    assert "step 2/5  loss 2.5000" in console.export_text()


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_it_before_it_is_kept(loss: float) -> None:
    training = Training([3.0, 2.0, loss, 1.0, 0.5, 0.4])
    with pytest.raises(FloatingPointError, match="step 4: a loss is not finite"):
        train(training, Console(), 2)
    assert training.saved == [2]
