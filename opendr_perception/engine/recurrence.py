"""A model whose state goes round: what one run puts out is what the next one takes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from onnxruntime import OrtValue

from opendr_perception.engine.session import Outputs, Session


class Recurrence:
    """Runs a model on a batch of constant size, with two sets of state buffers on its device that take turns.

    From the third run on nothing is allocated and no name is looked up: for a small network that would take as long as
    its arithmetic.

    Args:
        session: a model with an input `state.<name>` and an output `new.<name>` for each name of the state.
        states: the state to begin with, by name; its buffers are written to.
        wanted: outputs that are returned as arrays.
    """

    def __init__(self, session: Session, states: Mapping[str, OrtValue], wanted: Sequence[str]) -> None:
        self.states = dict(states)
        self._session, self._wanted = session, tuple(wanted)
        # The first run allocates the other set of buffers.
        outputs: dict[str, OrtValue | None] = {f"new.{name}": None for name in states}
        self._binding = session.bind({f"state.{name}": value for name, value in states.items()}, self._wanted, outputs)
        self._next_binding = None

    def run(self, feeds: Mapping[str, np.ndarray]) -> Outputs:
        """Run the model once and let the state go on.

        Args:
            feeds: the inputs that are no state.

        Raises:
            EngineError: the run failed, e.g. because an input does not fit; the state has not changed.
        """
        values = self._session.run_bound(self._binding, feeds)
        states = dict(zip(self.states, values[len(self._wanted) :], strict=True))
        if self._next_binding is None:
            inputs = {f"state.{name}": value for name, value in states.items()}
            outputs = {f"new.{name}": value for name, value in self.states.items()}
            self._next_binding = self._session.bind(inputs, self._wanted, outputs)
        self._binding, self._next_binding = self._next_binding, self._binding
        self.states = states
        return {name: np.array(value.numpy()) for name, value in zip(self._wanted, values, strict=False)}
