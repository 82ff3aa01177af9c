"""Continual networks in onnxruntime: one session, and the state of every stream and person that it serves."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from opendr_perception.arrays import open_arrays
from opendr_perception.engine.recurrence import Recurrence
from opendr_perception.engine.session import EngineError, Session

Rows = dict[str, np.ndarray]
"""The state of one stream: an array for each name, without the stream axis."""


@dataclass(frozen=True)
class StepResult:
    """Output of a network for one frame of each of B streams.

    Args:
        output: (B, ...), with a meaning where `valid`.
        valid: (B,) bool, False while a network fills and between the outputs of a strided one.
        warm: (B,) bool, the receptive field holds real frames only.
        frames: (B,) int64, frames that each stream has seen, this one included.
    """

    output: np.ndarray
    valid: np.ndarray
    warm: np.ndarray
    frames: np.ndarray


class StateBank:
    """Owns the state of each key (a person on a stream, say) and steps any subset of them as one batch.

    States stay where the model runs: as long as the same keys step again, what the last step put out is the next one's
    input, without a copy. Only when somebody comes, goes or pauses are states taken apart and put together again.
    Not for several threads at once.

    Args:
        session: a model written by `engine.export`.

    Raises:
        EngineError: the model has no explicit state.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._initial = decode_initial_state(session)
        self._blank = int(self._initial["frames"])  # see engine.export
        metadata = session.metadata
        self._receptive_field = int(metadata["receptive_field"])
        self._in_place = frozenset(json.loads(metadata.get("in_place", "[]")))
        session.expect(
            inputs=["frame", *(f"state.{name}" for name in self._initial)],
            outputs=["output", "valid", *(f"new.{name}" for name in self._initial)],
        )
        self._shapes = {name: _batch_shape(session, name, row) for name, row in self._initial.items()}
        self._parked: dict[Hashable, Rows] = {}
        self._running: tuple[Hashable, ...] = ()
        self._recurrence: Recurrence | None = None
        self._width = 0  # rows of the batch

    def keys(self) -> set[Hashable]:
        """Everybody whose state is kept."""
        return {*self._running, *self._parked}

    def step(self, keys: Sequence[Hashable], frames: np.ndarray) -> StepResult:
        """See one frame of each key; a new key starts with a fresh state.

        Args:
            keys: different ones, at least one.
            frames: (B, C, ...) float32, the frame of each key.

        Raises:
            ValueError: a key comes twice, or there is not one frame for each.
            EngineError: the frames do not fit the model; no state has changed.
        """
        keys = tuple(keys)
        if len(keys) != len(frames) or (keys != self._running and len(set(keys)) != len(keys)) or not keys:
            raise ValueError(f"step needs different keys and a frame for each: got {len(keys)} and {len(frames)}")
        if self._recurrence is None or keys != self._running:
            self._recurrence = self._regroup(keys)
        if self._width > len(keys):
            others = np.zeros_like(frames, shape=(self._width - len(keys), *frames.shape[1:]))
            frames = np.concatenate([frames, others])
        answers = self._recurrence.run({"frame": frames})
        seen = self._recurrence.states["frames"].numpy() - self._blank
        found = answers["output"], answers["valid"], seen >= self._receptive_field, seen
        return StepResult(*(found if self._width == len(keys) else (array[: len(keys)] for array in found)))

    def release(self, key: Hashable) -> None:
        """Forget a key; nothing happens if it is not known."""
        if key in self._running:
            self._park()
        self._parked.pop(key, None)

    def snapshot(self, key: Hashable) -> Rows:
        """A copy of the state of a key; of a fresh one if the key is not known."""
        if key in self._running:
            self._park()
        return {name: row.copy() for name, row in self._parked.get(key, self._initial).items()}

    def restore(self, key: Hashable, state: object) -> None:
        """Give a key the state of a snapshot.

        Raises:
            ValueError: the snapshot is of another model.
        """
        if not isinstance(state, dict) or _shapes(state) != _shapes(self._initial):
            raise ValueError("this snapshot belongs to another model")
        self.release(key)
        self._parked[key] = {name: row.copy() for name, row in state.items()}

    @property
    def nbytes(self) -> int:
        """Memory of the state of one key in bytes."""
        return sum(row.nbytes for row in self._initial.values())

    def _regroup(self, keys: tuple[Hashable, ...]) -> Recurrence:
        """Put the states of these keys together as one batch, and park all others."""
        self._park()
        rows = [self._parked.pop(key, self._initial) for key in keys]
        if self._session.device == "tensorrt":  # it compiles for each shape: give it few of them
            rows += [self._initial] * ((1 << (len(rows) - 1).bit_length()) - len(rows))
        states = {
            name: self._session.to_device(np.stack([row[name] for row in rows]).reshape(shape))
            for name, shape in self._shapes.items()
        }
        self._running, self._width = keys, len(rows)
        return Recurrence(self._session, states, ["output", "valid"], self._in_place)

    def _park(self) -> None:
        """Take the batch apart, into the state of each key."""
        if self._recurrence is not None:
            arrays = {
                name: value.numpy().reshape(-1, *self._initial[name].shape)
                for name, value in self._recurrence.states.items()
            }
            for place, key in enumerate(self._running):
                self._parked[key] = {name: array[place].copy() for name, array in arrays.items()}
        self._running, self._recurrence = (), None


def _shapes(state: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
    return {name: np.shape(row) for name, row in state.items()}


def _batch_shape(session: Session, name: str, row: np.ndarray) -> tuple[int, ...]:
    """The shape in which a model takes a state of all streams: (-1, ...), some with the streams' rows in one axis."""
    rank = next(len(tensor.shape) for tensor in session.inputs if tensor.name == f"state.{name}")
    return (-1, *row.shape[row.ndim - rank + 1 :])


def encode_initial_state(state: Mapping[str, np.ndarray]) -> str:
    """Write the state of a new stream as text, for a model's metadata."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {f"{place:04d} {name}": array for place, (name, array) in enumerate(state.items())}
    np.savez_compressed(buffer, **arrays)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def decode_initial_state(session: Session) -> Rows:
    """Read the state of a new stream from a model's metadata.

    Raises:
        EngineError: it is not there or cannot be read.
    """
    text = session.metadata.get("initial_state")
    if text is None:
        raise EngineError(f"{session.path}: not a continual network: it does not say what a new stream's state is")
    try:
        with open_arrays(io.BytesIO(base64.b64decode(text))) as arrays:
            return {key.split(" ", 1)[1]: arrays[key] for key in sorted(arrays)}
    except Exception as error:  # metadata may hold anything
        raise EngineError(f"{session.path}: its initial state cannot be read: {error}") from error
