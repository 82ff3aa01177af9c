"""Benchmarks of view control."""

__all__ = [
    "distances",
    "explorer",
    "faults",
    "figures",
    "lively",
    "policies",
    "poses",
    "verification",
]
