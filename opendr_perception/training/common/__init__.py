"""The training loop, checkpoints, and files of weights."""

__all__ = [
    "checkpoint",
    "loop",
    "muon",
    "options",
    "weights",
]
