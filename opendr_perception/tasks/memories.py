"""Memories as values: text and arrays, from which the same memory is made again, in another process or later.

Nothing is pickled. A value says of what kinds its parts are. Only kinds that the reader lists are made, by setting
their fields, so that no code runs that a file has chosen. What is not known is an error, also when it is written.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from weakref import WeakKeyDictionary

import numpy as np

from opendr_perception.tasks.imaging import Rhythm

Fresh = Mapping[str, Callable[[], object]]
"""Fields that are no part of a value, such as locks, and what makes them anew."""
Kinds = Mapping[type, Fresh]
"""Classes that a memory is made of."""

COMMON: Kinds = {Rhythm: {}}
_serial: Iterator[int] = count()

PLAIN = (bool, int, float, str, type(None))


def new_serial() -> int:
    """A number that no other memory of this process has."""
    return next(_serial)


@dataclass(frozen=True)
class Value:
    """A memory as it is written.

    Args:
        text: JSON, with references to the arrays.
        arrays: by name; of numbers, booleans or text, never of objects.
    """

    text: str
    arrays: Mapping[str, np.ndarray]


class NotAValue(ValueError):
    """A memory cannot be written or read; the text says why."""


@dataclass(frozen=True)
class Form:
    """A way to write memories that are made of some kinds, and to read them.

    Args:
        kinds: besides plain values, containers and arrays. Their names differ.
    """

    kinds: Kinds = field(default_factory=dict)

    def write(self, memory: object) -> Value:
        """A memory as a value. Parts that are shared stay shared.

        Raises:
            NotAValue: a part is of another kind.
        """
        writer = _Writer(self.kinds)
        root = writer.part(memory)
        return Value(json.dumps([root, writer.parts]), writer.arrays)

    def read(self, value: Value) -> object:
        """The memory that was written.

        Raises:
            NotAValue: it is of other kinds, or damaged.
        """
        try:
            root, parts = json.loads(value.text)
            return _Reader(self.kinds, parts, value.arrays).thing(root)
        except NotAValue:
            raise
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise NotAValue(f"a memory cannot be read: {error!r}") from error


class _Writer:
    """Takes a memory apart. A part that may be shared or changed gets a number, by which it is named."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = {**COMMON, **kinds}
        self.parts: list[object] = []
        self.arrays: dict[str, np.ndarray] = {}
        self._numbers: dict[int, int] = {}
        self._kept: list[object] = []  # as long as it is taken apart: an id belongs to another object afterwards

    def part(self, thing: object) -> object:
        """A plain thing itself, else a list of its number."""
        if type(thing) in PLAIN:
            return thing
        if id(thing) not in self._numbers:
            self._numbers[id(thing)] = number = len(self.parts)
            self._kept.append(thing)
            self.parts.append(None)
            self.parts[number] = self._described(thing)
        return [self._numbers[id(thing)]]

    def _described(self, thing: object) -> list[object]:
        if isinstance(thing, np.ndarray | np.generic):
            return ["array" if isinstance(thing, np.ndarray) else "scalar", self._array(np.asarray(thing))]
        if isinstance(thing, deque):
            return ["deque", thing.maxlen, self._all(thing)]
        if isinstance(thing, WeakKeyDictionary):
            return ["weak", [self._all(pair) for pair in thing.items()]]
        if type(thing) is dict:
            return ["dict", [self._all(pair) for pair in thing.items()]]
        for name, kind in _CONTAINERS.items():
            if type(thing) is kind:
                assert isinstance(thing, Iterable)
                return [name, self._all(thing)]
        if type(thing) not in self._kinds:
            raise NotAValue(f"a {type(thing).__name__} cannot be written as a value")
        fresh = self._kinds[type(thing)]
        fields = {name: self.part(each) for name, each in vars(thing).items() if name not in fresh}
        return ["kind", type(thing).__name__, fields]

    def _array(self, array: np.ndarray) -> str:
        if array.dtype.hasobject:
            raise NotAValue("an array of objects cannot be written as a value")
        name = str(len(self.arrays))
        self.arrays[name] = array.copy(order="K")
        return name

    def _all(self, things: Iterable[object]) -> list[object]:
        return [self.part(each) for each in things]


class _Reader:
    """Puts a memory together."""

    def __init__(self, kinds: Kinds, parts: list[list[object]], arrays: Mapping[str, np.ndarray]) -> None:
        self._kinds = {kind.__name__: kind for kind in (*COMMON, *kinds)}
        self._fresh = {**COMMON, **kinds}
        self._parts, self._arrays = parts, arrays
        self._made: dict[int, object] = {}

    def thing(self, part: object) -> object:
        if type(part) in PLAIN:
            return part
        if not isinstance(part, list) or [type(each) for each in part] != [int] or part[0] < 0:
            raise NotAValue("a memory is damaged")
        number = part[0]
        if number not in self._made:
            self._made[number] = self._put_together(*self._parts[number])
        return self._made[number]

    def _put_together(self, name: object, *rest: object) -> object:
        if name == "kind":
            return self._object(*rest)
        if name in ("array", "scalar"):
            array = self._arrays[str(rest[0])]
            return array.copy(order="K") if name == "array" else array[()]
        things = rest[-1]
        assert isinstance(things, list)
        if name in ("dict", "weak"):
            pairs = [(self.thing(key), self.thing(each)) for key, each in things]
            return dict(pairs) if name == "dict" else WeakKeyDictionary(pairs)
        found = [self.thing(each) for each in things]
        if name == "deque":
            [longest, _] = rest
            return deque(found, maxlen=longest if isinstance(longest, int) else None)
        return _CONTAINERS[str(name)](found)

    def _object(self, name: object, fields: object) -> object:
        kind = self._kinds.get(str(name))
        if kind is None or not isinstance(fields, dict):
            raise NotAValue(f"a memory has a {name}, which is not known here")
        made: object = object.__new__(kind)
        vars(made).update({key: self.thing(each) for key, each in fields.items()})
        vars(made).update({key: make() for key, make in self._fresh[kind].items()})
        return made


_CONTAINERS: Mapping[str, Callable[[Iterable[object]], object]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}
