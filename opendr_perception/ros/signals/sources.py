"""Sources of streams of samples: sound in any of its messages, or a measured signal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from std_msgs.msg import Float32MultiArray

from opendr_perception.msg import Signal
from opendr_perception.ros.signals.audio import info_type, message_type
from opendr_perception.tasks.signals import SIGNAL_TYPES, Arrived, SignalFormat, read_message
from opendr_perception.tasks.sound import BARE, TYPES, Format, read, read_info


class AudioOptions(Protocol):
    """The parameters of sound, see `ros.signals.node.SampleParameters`."""

    @property
    def audio_type(self) -> str: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def sample_format(self) -> str: ...


@dataclass(frozen=True)
class Beside:
    """A topic that tells how the messages of another one are to be read.

    Args:
        topic: relative.
        type: of its messages.
        take: takes one; ValueError if it cannot be used.
    """

    topic: str
    type: type
    take: Callable[[Any], None]


class SampleSource(Protocol):
    """Topic and message types of samples, and their reader.

    Attributes:
        topic: relative.
        word: for what comes, in messages to people.
        fill: value of a short gap.
        silent: seconds of digital zeros after which that is said.
        types: of its messages, by name.
        wanted: name of the type; `auto` takes that of whoever publishes.
    """

    topic: str
    word: str
    fill: float
    silent: float
    types: dict[str, str]

    @property
    def wanted(self) -> str: ...

    def message_type(self, name: str) -> type:
        """The class of a type; ValueError if its package is missing."""
        ...

    def read(self, message: Any, arrived: int) -> Arrived:
        """The samples of a message that came at a time in ns; ValueError if it cannot be used."""
        ...

    def beside(self, name: str) -> Beside | None:
        """The topic that is subscribed beside the messages of a type; None for none."""
        ...


class AudioSamples:
    """Sound."""

    topic, word, fill, silent, types = "audio", "sound", 0.0, 10.0, TYPES

    def __init__(self, options: AudioOptions) -> None:
        self._options = options
        self._told: Format | None = None

    @property
    def wanted(self) -> str:
        return self._options.audio_type

    def beside(self, name: str) -> Beside | None:
        kind = info_type() if name in BARE else None
        return None if kind is None else Beside("audio_info", kind, self.tell)

    def tell(self, info: Any) -> None:
        """Take an AudioInfo: from now on it is believed instead of the parameters; ValueError if that cannot be."""
        self._told = None
        self._told = read_info(info)

    def message_type(self, name: str) -> type:
        return message_type(name)

    def read(self, message: Any, arrived: int) -> Arrived:
        options = self._options
        given = Format(options.sample_rate, options.channels, options.sample_format)
        return read(message, arrived, self._told or given)


class SignalOptions(Protocol):
    """The parameters of signals."""

    @property
    def signal_type(self) -> str: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def channels(self) -> int: ...


class SignalSamples:
    """A measured signal of a kind, `ecg` or `pcg`, in which NaN is no value."""

    topic, word, fill, silent, types = "signal", "signal", float("nan"), float("inf"), SIGNAL_TYPES

    def __init__(self, options: SignalOptions, kind: str) -> None:
        self._options, self._kind = options, kind

    @property
    def wanted(self) -> str:
        return self._options.signal_type

    def beside(self, name: str) -> Beside | None:
        return None

    def message_type(self, name: str) -> type:
        return Signal if name == "Signal" else Float32MultiArray

    def read(self, message: Any, arrived: int) -> Arrived:
        options = self._options
        return read_message(message, arrived, SignalFormat(self._kind, options.sample_rate, options.channels))


def published(source: SampleSource, found: Sequence[str]) -> str:
    """Name of the type that shall be subscribed, of those that are published; '' while there is none."""
    if source.wanted != "auto":
        return source.wanted
    known = [name for name, kind in source.types.items() if kind in found]
    return known[0] if known else ""
