"""Benchmarks of expressions and emotions."""

__all__ = [
    "audiovisual",
    "recognition",
]
