"""Training of the action network on simulated skeletons."""

__all__ = [
    "camera",
    "data",
    "pool",
    "simulate",
]
