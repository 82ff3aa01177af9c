"""Figures, timing, and a camera that measures latency."""

__all__ = [
    "camera",
    "extent",
    "figure",
    "timing",
]
