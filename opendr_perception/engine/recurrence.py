"""A model whose state goes round: what one run puts out is what the next one takes in."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from onnxruntime import IOBinding, OrtValue

from opendr_perception.engine.session import Outputs, Session

States = Mapping[str, OrtValue]


class Recurrence:
    """Runs a model on a batch of constant size, with two sets of state buffers on its device that take turns.

    After the first run nothing is allocated and no name is looked up: for a small network that would take as long as
    its arithmetic.

    Args:
        session: a model with an input `state.<name>` and an output `new.<name>` for each name of the state.
        states: the state to begin with, by name; its buffers are written to.
        wanted: outputs that are returned as arrays.
        in_place: states with one buffer only, in which the model replaces one entry instead of copying all others. It
            must do so before anything reads that entry: then a run that fails can be done again.
    """

    def __init__(self, session: Session, states: States, wanted: Sequence[str], in_place: Collection[str] = ()) -> None:
        self.states = dict(states)
        self._session, self._wanted, self._in_place = session, tuple(wanted), in_place
        self._turns: deque[tuple[IOBinding, dict[str, OrtValue]]] = deque()
        self._answers: dict[str, OrtValue] = {}

    def run(self, feeds: Mapping[str, np.ndarray]) -> Outputs:
        """Run the model once and let the state go on.

        Args:
            feeds: the inputs that are no state.

        Raises:
            EngineError: the run failed, e.g. because an input does not fit; the state has not changed.
        """
        if not self._turns:
            self._begin(feeds)
        else:
            binding, states = self._turns[0]
            self._session.run_bound(binding, feeds)
            self._turns.rotate()
            self.states = states
        return {name: np.array(value.numpy()) for name, value in self._answers.items()}

    def _begin(self, feeds: Mapping[str, np.ndarray]) -> None:
        """The first run, which allocates the other set of buffers and those of the answers."""
        outputs = {name: self.states[name] if name in self._in_place else None for name in self.states}
        binding = self._bind(self.states, outputs)
        self._session.run_bound(binding, feeds)
        values = binding.get_outputs()
        self._answers = dict(zip(self._wanted, values[: len(self._wanted)], strict=True))
        first, second = self.states, dict(zip(self.states, values[len(self._wanted) :], strict=True))
        second |= {name: first[name] for name in self._in_place}
        self._turns.extend([(self._bind(second, first), first), (self._bind(first, second), second)])
        self.states = second

    def _bind(self, states: States, new: Mapping[str, OrtValue | None]) -> IOBinding:
        answers = {name: self._answers.get(name) for name in self._wanted}
        return self._session.bind(
            {f"state.{name}": value for name, value in states.items()},
            answers,
            {f"new.{name}": value for name, value in new.items()},
        )
