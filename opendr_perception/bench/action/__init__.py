"""Benchmarks of action recognition."""

__all__ = [
    "crowd",
    "walk",
]
