"""Benchmarks of view control."""

__all__ = [
    "distances",
    "faults",
    "lively",
    "policies",
    "verification",
]
