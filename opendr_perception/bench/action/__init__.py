"""Benchmarks of action recognition."""

__all__ = [
    "adapting",
    "crowd",
    "walk",
]
