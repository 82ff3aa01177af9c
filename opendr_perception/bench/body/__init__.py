"""Benchmarks of pose estimation."""

__all__ = [
    "high_resolution",
]
