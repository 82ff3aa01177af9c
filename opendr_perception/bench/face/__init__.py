"""Benchmarks of face detection and recognition."""

__all__ = [
    "recognition",
]
