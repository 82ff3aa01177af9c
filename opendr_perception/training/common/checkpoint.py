"""Checkpoints: all that a training needs to go on as if it had not been interrupted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import torch
from rich.console import Console

from opendr_perception.files import replacing
from opendr_perception.networks.checkpoints import read_tensors


class Stateful(Protocol):
    """A network, an optimiser, a schedule."""

    def state_dict(self) -> dict[str, object]: ...

    def load_state_dict(self, state: dict[str, object]) -> object: ...


def write_checkpoint(path: Path, settings: Mapping[str, object], step: int, **parts: Stateful) -> None:
    """Write a checkpoint, as a whole or not at all.

    Args:
        path: The file.
        settings: What decides the outcome of the training.
        step: How far it is.
        parts: Its parts, by name.
    """
    state = {"settings": dict(settings), "step": step}
    state.update((name, part.state_dict()) for name, part in parts.items())
    with replacing(path) as unfinished:
        torch.save(state, unfinished)


def read_checkpoint(path: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Read a checkpoint: its `step` and the state of each part.

    Raises:
        ValueError: It belongs to another training, or is none.
    """
    state: dict[str, object] = read_tensors(path)
    if not isinstance(state, dict) or "settings" not in state:
        raise ValueError(f"{path} is no checkpoint of a training")
    if state["settings"] != dict(settings):
        raise ValueError(f"{path} is of a training with other settings: {state['settings']}")
    return state


class Resumable:
    """A training of one network that can be interrupted: what it sets here is what it needs to go on.

    Attributes:
        settings: A dataclass of what decides the outcome.
        checkpoint: The file.
        step: How far it is.
        network, optimizer, schedule: Its parts.
    """

    settings: Any
    checkpoint: Path
    step: int
    network: torch.nn.Module
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler

    def begin(self, rate: float, steps: int, *, decay: float, warm_up: float) -> None:
        """Begin with AdamW and one cycle of its rate [Smith 2019, Super-convergence].

        Args:
            rate: the highest, after the share `warm_up` of the steps.
            steps: how many there will be.
            decay: of weights.
            warm_up: see `rate`.
        """
        self.optimizer = torch.optim.AdamW(self.network.parameters(), rate, weight_decay=decay)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, rate, total_steps=steps + 1, pct_start=warm_up
        )
        self.step = 0

    def save(self) -> None:
        """Write the checkpoint as a whole."""
        write_checkpoint(self.checkpoint, asdict(self.settings), self.step, **self._parts())

    def resume(self) -> None:
        """Go on from the checkpoint.

        Raises:
            ValueError: It belongs to another training.
        """
        state = read_checkpoint(self.checkpoint, asdict(self.settings))
        try:
            for name, part in self._parts().items():
                part.load_state_dict(state[name])
        except (RuntimeError, ValueError, KeyError) as error:
            raise ValueError(f"{self.checkpoint} is of a training of another network") from error
        self.step = state["step"]

    def go_on(self, console: Console) -> None:
        """Go on from the checkpoint if there is one, and say so."""
        if self.checkpoint.exists():
            self.resume()
            console.print(f"going on after step {self.step}")

    def descend(self, loss: torch.Tensor, clip: float = math.inf) -> None:
        """Learn from the loss of a batch: the next step is begun.

        Args:
            loss: a number, with its gradient.
            clip: the longest gradient.
        """
        self.optimizer.zero_grad()
        loss.backward()
        if clip < math.inf:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), clip)
        self.optimizer.step()
        self.schedule.step()
        self.step += 1

    def _parts(self) -> dict[str, Stateful]:
        return {"network": self.network, "optimizer": self.optimizer, "schedule": self.schedule}
