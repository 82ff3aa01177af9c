"""Benchmarks of people in space."""

__all__ = [
    "events",
    "ids",
    "space",
]
