"""A recorded signal in physical units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from opendr_perception.tasks.shapes import Samples


class SignalError(ValueError):
    """The file is no signal that can be read; the text names it and says why in one line."""


@dataclass(frozen=True, eq=False)
class SignalRecording:
    """A recording.

    Attributes:
        samples: (n, channels) float32; NaN where there is no value.
        rate: Hz; 0 where the file does not tell.
        names: of the channels.
        unit: of the samples; '' where it is not known, or not the same for all channels.
    """

    samples: Samples
    rate: float
    names: tuple[str, ...]
    unit: str

    def pick(self, wanted: Sequence[str]) -> SignalRecording:
        """The channels of these names or numbers, in this order.

        Raises:
            SignalError: there is no such channel.
        """
        if not wanted:
            return self
        places = [self._place(name) for name in wanted]
        return replace(self, samples=self.samples[:, places], names=tuple(self.names[place] for place in places))

    def _place(self, name: str) -> int:
        if name in self.names:
            return self.names.index(name)
        if name.isdecimal() and int(name) < len(self.names):
            return int(name)
        raise SignalError(f"there is no channel '{name}'; there are {', '.join(self.names)}")
