"""Training of the networks for non-maximum suppression."""

__all__ = [
    "data",
    "evaluate",
    "examples",
    "formulas",
    "render",
    "simulate",
    "weights",
]
