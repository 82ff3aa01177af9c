"""The training loop, checkpoints, files of weights, adapters and pruning."""

__all__ = [
    "adapters",
    "checkpoint",
    "loop",
    "muon",
    "options",
    "pruning",
    "weights",
]
