"""A model whose state goes round: what one run puts out is what the next one takes in."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from onnxruntime import IOBinding, OrtValue

from opendr_perception.engine.session import EngineError, Outputs, Session

States = Mapping[str, OrtValue]


class Recurrence:
    """Runs a model on a batch of constant size, with two sets of state buffers on its device that take turns.

    After the first run nothing is bound, and on a CPU nothing allocated but what is returned: for a small network that
    would take as long as its arithmetic.

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
        self._feeds: dict[str, np.ndarray] = {}  # on a CPU: what a run takes in, at the place where it looks for it
        self._answers: dict[str, np.ndarray] = {}

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
            self._session.run_bound(binding, self._placed(feeds))
            self._turns.rotate()
            self.states = states
        return {name: array.copy() for name, array in self._answers.items()}

    def _placed(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Put feeds where they are bound; return those that are not."""
        if not self._feeds:
            return feeds
        for name, buffer in self._feeds.items():
            array = feeds[name]
            if array.shape != buffer.shape or array.dtype != buffer.dtype:
                raise EngineError(
                    f"{self._session.path}: running failed: {name} was {buffer.dtype} {buffer.shape} so far, "
                    f"now {array.dtype} {array.shape}"
                )
            buffer[...] = array
        return {}

    def _begin(self, feeds: Mapping[str, np.ndarray]) -> None:
        """The first run, which allocates the other set of buffers, and those of what goes in and comes out."""
        outputs = {name: self.states[name] if name in self._in_place else None for name in self.states}
        binding = self._bind(self.states, dict.fromkeys(self._wanted), outputs)
        self._session.run_bound(binding, feeds)
        values = binding.get_outputs()
        first, second = self.states, dict(zip(self.states, values[len(self._wanted) :], strict=True))
        second |= {name: first[name] for name in self._in_place}
        found = zip(self._wanted, values[: len(self._wanted)], strict=True)
        self._answers = {name: np.array(value.numpy()) for name, value in found}
        if self._session.device == "cpu":
            self._feeds = {name: np.array(array, order="C") for name, array in feeds.items()}
        answers = {name: shared(array) for name, array in self._answers.items()}
        self._turns.extend([(self._bind(second, answers, first), first), (self._bind(first, answers, second), second)])
        self.states = second

    def _bind(
        self, states: States, answers: Mapping[str, OrtValue | None], new: Mapping[str, OrtValue | None]
    ) -> IOBinding:
        inputs = {f"state.{name}": value for name, value in states.items()}
        inputs |= {name: shared(array) for name, array in self._feeds.items()}
        return self._session.bind(inputs, answers, {f"new.{name}": value for name, value in new.items()})


def shared(array: np.ndarray) -> OrtValue:
    """The memory of an array, as onnxruntime takes it: on a CPU it copies nothing."""
    return OrtValue.ortvalue_from_numpy(array)
