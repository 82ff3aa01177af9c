"""Benchmarks of view control."""

__all__ = [
    "faults",
    "lively",
    "policies",
    "verification",
]
