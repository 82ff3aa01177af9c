"""Results and memories of a stream, kept until it is done: a run that resumes after a crash goes on from there.

After every block of frames, what was answered is written in one file and the memories after it, as values
(`tasks.memories`), in another one. Files hold plain arrays and text, nothing that is executed when it is read, and are
whole or not there. Who resumes hands the kept answers to the files of results, which come out as they would have.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.serialization import deserialize_message, serialize_message

from opendr_perception.arrays import open_arrays
from opendr_perception.files import replacing
from opendr_perception.process.pipeline import Answered, Rejected
from opendr_perception.process.stage import Stage
from opendr_perception.tasks.memories import NotAValue, Value

BLOCK = 1000
"""Frames of a block at most."""
AGAIN, LONGEST = 20, 2
"""Frames after which it is tried again where memories cannot be written, and blocks that a block may then be long."""
BLOCK_BYTES = 32 << 20
"""Of its messages: with this many it ends, too. They are in memory until then."""
STATE = "state.npz"
UNREADABLE = (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError)
"""Errors that the reading of a damaged file raises."""


class DamagedBlockError(Exception):
    """A kept block cannot be read: everything that was kept is removed, and the stream must begin anew."""


@dataclass(frozen=True)
class Kept:
    """The answers to a frame that were kept."""

    frame: int
    messages: Mapping[str, bytes]
    rejected: Sequence[Rejected]


class Checkpoints:
    """The blocks of one stream, in a folder of its own.

    Args:
        folder: to read and to write.
        stages: whose memories are kept, and which are set to those that are found.
    """

    def __init__(self, folder: Path, stages: Sequence[Stage]) -> None:
        self._folder, self._stages = folder, stages
        self._kinds = {stage.topic: stage.capability.result[0] for stage in stages}
        self._fresh: list[Kept] = []
        self._size = 0
        self._blocks = self._resume()

    def kept(self) -> Iterator[Kept]:
        """The answers that are kept, from the first frame on; the memories are those after the last one.

        Raises:
            DamagedBlockError: a block cannot be read. What came of the blocks before it does not count.
        """
        for block in range(self._blocks):
            try:
                read = list(_read_block(self._path(block)))
            except UNREADABLE as error:
                self.clear()
                raise DamagedBlockError(str(error)) from error
            yield from read

    def answered(self, kept: Kept, view: Any) -> Answered:
        """The answers to a frame, as they were."""
        results: dict[str, Any] = {}
        for topic, data in kept.messages.items():
            results[topic] = deserialize_message(data, self._kinds[topic])
        return Answered(kept.frame, view, results, kept.rejected)

    def note(self, answered: Answered) -> None:
        """Keep the answers to the next frame, and write the block when it is full."""
        messages = {topic: bytes(serialize_message(each)) for topic, each in answered.results.items()}
        self._fresh.append(Kept(answered.frame, messages, answered.rejected))
        self._size += sum(map(len, messages.values()))
        over = len(self._fresh) - BLOCK
        if (over >= 0 and over % AGAIN == 0) or self._size >= BLOCK_BYTES:
            self._store()

    def clear(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _store(self) -> None:
        try:
            values = self._values()
        except NotAValue:  # embeddings of people in view, say, so that it waits until they have left
            if len(self._fresh) < LONGEST * BLOCK and self._size < BLOCK_BYTES:
                return
            values = None
        _write_block(self._path(self._blocks), self._fresh)
        self._fresh, self._size = [], 0
        self._blocks += 1
        if values is None:
            return
        index = {"blocks": self._blocks, "values": {name: value.text for name, value in values.items()}}
        arrays = {f"{name} {key}": array for name, value in values.items() for key, array in value.arrays.items()}
        _save(self._folder / STATE, index, arrays)

    def _values(self) -> dict[str, Value]:
        return {f"{stage.name} {part}": value for stage in self._stages for part, value in stage.snapshot().items()}

    def _resume(self) -> int:
        """Set the stages to the memories that are kept; the number of blocks before. 0 if they are damaged."""
        if not (self._folder / STATE).exists():
            return 0
        try:
            index, arrays = _load(self._folder / STATE)
            blocks = int(index["blocks"])
            for stage in self._stages:
                stage.restore({part: _value(index, arrays, f"{stage.name} {part}") for part in stage.PARTS})
        except (*UNREADABLE, NotAValue):
            for stage in self._stages:
                stage.restart()
            self.clear()
            return 0
        return blocks

    def _path(self, block: int) -> Path:
        return self._folder / f"{block:06d}.npz"


def _value(index: Mapping[str, Any], arrays: Mapping[str, np.ndarray], name: str) -> Value:
    own = {key.removeprefix(f"{name} "): array for key, array in arrays.items() if key.startswith(f"{name} ")}
    return Value(index["values"][name], own)


def _write_block(path: Path, block: Sequence[Kept]) -> None:
    index = [[kept.frame, {topic: len(data) for topic, data in kept.messages.items()}, _told(kept)] for kept in block]
    everything = b"".join(data for kept in block for data in kept.messages.values())
    _save(path, index, {"messages": np.frombuffer(everything, np.uint8)})


def _told(kept: Kept) -> list[list[str]]:
    return [[each.node, each.reason] for each in kept.rejected]


def _read_block(path: Path) -> Iterator[Kept]:
    index, arrays = _load(path)
    everything, place = arrays["messages"].tobytes(), 0
    for frame, sizes, rejected in index:
        messages = {}
        for topic, size in sizes.items():
            messages[str(topic)] = everything[place : place + size]
            place += size
        yield Kept(int(frame), messages, [Rejected(int(frame), str(node), str(why)) for node, why in rejected])
    if place != len(everything):
        raise ValueError(f"{path}: damaged")


def _save(path: Path, index: object, arrays: Mapping[str, np.ndarray]) -> None:
    text: Any = np.frombuffer(json.dumps(index).encode(), np.uint8)
    with replacing(path, ".npz") as unfinished:
        np.savez(unfinished, index=text, **dict[str, Any](arrays))


def _load(path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    with open_arrays(path) as found:
        arrays = {name: found[name] for name in found}
    return json.loads(arrays.pop("index").tobytes()), arrays
