"""Images, and the results of another node about them, joined by their stamps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import Generic, TypeVar

ImageT = TypeVar("ImageT")
ResultT = TypeVar("ResultT")

LIMIT = 16
"""Messages of each kind that wait for the other: half a second of images at 30 Hz."""
KNOWN = 256
"""Stamps of images that are remembered, to tell results that are late from those of other images."""


@dataclass(frozen=True)
class Miss:
    """A result that has been given up.

    Args:
        in_a_row: how many were, since the last pair.
        offset: seconds to the image that is nearest to it; None if there is none.
        late: whether its image had been given up before it came.
    """

    in_a_row: int
    offset: float | None
    late: bool


@dataclass
class _Waiting(Generic[ResultT]):
    """A result that waits, and the nanoseconds to the nearest image that it has met; None for none."""

    result: ResultT
    late: bool
    offset: int | None = None

    def meet(self, offset: int) -> None:
        if self.offset is None or abs(offset) < abs(self.offset):
            self.offset = offset


class Pairing(Generic[ImageT, ResultT]):
    """Joins messages of exactly the same stamp, whichever comes first; the oldest of those that wait are given up.

    An image without a result is nothing unusual: the other node may be slower than the camera. A result without its
    image is missed. Both kinds must come in the order of their stamps. Not for several threads at once.

    Args:
        deliver: takes an image and its result.
        miss: takes each result that has been given up.
    """

    def __init__(self, deliver: Callable[[ImageT, ResultT], None], miss: Callable[[Miss], None]) -> None:
        self._deliver = deliver
        self._miss = miss
        self._images: dict[int, ImageT] = {}
        self._results: dict[int, _Waiting[ResultT]] = {}
        self._missed = 0
        self._stamps: deque[int] = deque(maxlen=KNOWN)
        self.passed = 0
        """Images that were given up without a result."""

    def add_image(self, stamp: int, image: ImageT) -> None:
        """An image has come, stamped with these nanoseconds."""
        self.passed += self._images.pop(stamp, None) is not None
        self._images[stamp] = image
        self._stamps.append(stamp)
        for waiting_since, waiting in self._results.items():
            waiting.meet(stamp - waiting_since)
        self._join(stamp)
        if len(self._images) > LIMIT:
            del self._images[next(iter(self._images))]
            self.passed += 1

    def add_result(self, stamp: int, result: ResultT) -> None:
        """A result has come, stamped with these nanoseconds."""
        if stamp in self._results:
            self._give_up(stamp)
        self._results[stamp] = waiting = _Waiting(result, stamp in self._stamps and stamp not in self._images)
        for image in self._images:
            waiting.meet(image - stamp)
        self._join(stamp)
        if len(self._results) > LIMIT:
            self._give_up(next(iter(self._results)))

    def _join(self, stamp: int) -> None:
        if stamp not in self._images or stamp not in self._results:
            return
        for older in list(takewhile(stamp.__ne__, self._images)):
            del self._images[older]
            self.passed += 1
        for older in list(takewhile(stamp.__ne__, self._results)):
            self._give_up(older)
        self._missed = 0
        self._deliver(self._images.pop(stamp), self._results.pop(stamp).result)

    def _give_up(self, stamp: int) -> None:
        given_up = self._results.pop(stamp)
        self._missed += 1
        offset = None if given_up.offset is None else given_up.offset * 1e-9
        self._miss(Miss(self._missed, offset, given_up.late))
