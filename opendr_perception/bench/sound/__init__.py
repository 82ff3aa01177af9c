"""Benchmarks of what nodes hear."""

__all__ = [
    "recognition",
]
