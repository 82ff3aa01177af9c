"""Benchmarks of people in space."""

__all__ = [
    "space",
]
