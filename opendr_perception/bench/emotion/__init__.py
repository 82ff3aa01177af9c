"""Benchmarks of expressions and emotions."""

__all__ = [
    "recognition",
]
