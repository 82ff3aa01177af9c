"""The training loop, checkpoints, files of weights, adapters and pruning."""

__all__ = [
    "adapters",
    "checkpoint",
    "label_rows",
    "lessons",
    "loop",
    "muon",
    "options",
    "pruning",
    "weights",
]
