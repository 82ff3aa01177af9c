"""Benchmarks of view control."""

__all__ = [
    "distances",
    "faults",
    "figures",
    "lively",
    "policies",
    "verification",
]
