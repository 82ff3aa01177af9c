"""Benchmarks of measured signals."""

__all__ = [
    "attention",
    "samples",
]
