"""Training of the action network on simulated skeletons."""

__all__ = [
    "camera",
    "data",
    "pool",
    "real_motion",
    "simulate",
    "weights",
]
