"""Training of the networks for expressions and for emotions over time."""

__all__ = [
    "losses",
]
