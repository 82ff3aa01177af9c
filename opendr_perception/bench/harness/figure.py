"""One measured figure, ours beside a peer's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from opendr_perception.bench.harness.extent import Extent


@dataclass(frozen=True)
class Figure:
    """A figure of ours and of a peer, measured in the same run.

    Args:
        case: the benchmark that it belongs to.
        metric: what was measured.
        unit: of ours, peer and target.
        ours: our value.
        peer: the peer's value; None without a peer.
        peer_name: who the peer is.
        ratio: how many times better ours is than the peer's, the larger the better; None without a peer.
        target: what ours had to reach, as a number in `unit`.
        met: a plain comparison of ours with the target.
    """

    case: str
    metric: str
    unit: str
    ours: float
    peer: float | None
    peer_name: str
    ratio: float | None
    target: float | None
    met: bool | None

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def smaller_is_better(
    case: str, metric: str, unit: str, ours: float, target: float, peer: float | None = None, peer_name: str = ""
) -> Figure:
    """A figure such as a time: the target is the largest value that is good enough."""
    ratio = peer / ours if peer is not None and ours > 0 else None
    return Figure(case, metric, unit, ours, peer, peer_name, ratio, target, ours <= target)


def larger_is_better(
    case: str, metric: str, unit: str, ours: float, target: float, peer: float | None = None, peer_name: str = ""
) -> Figure:
    """A figure such as a rate: the target is the smallest value that is good enough."""
    ratio = ours / peer if peer else None
    return Figure(case, metric, unit, ours, peer, peer_name, ratio, target, ours >= target)


def faster(case: str, metric: str, ours: float, peer: float, times: float, peer_name: str) -> Figure:
    """A time in ms whose target is to be so many times faster than the peer."""
    return smaller_is_better(case, metric, "ms", ours, peer / times, peer, peer_name)


Case = Callable[[Extent], list[Figure]]
"""A benchmark: takes how much it shall measure, and returns its figures."""
