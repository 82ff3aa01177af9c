"""Benchmarks of view control."""

__all__ = [
    "faults",
    "policies",
    "verification",
]
