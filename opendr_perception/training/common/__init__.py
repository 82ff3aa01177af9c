"""The training loop, checkpoints, files of weights, adapters, gates, pruning, and labels of recordings."""

__all__ = [
    "adapters",
    "checkpoint",
    "gating",
    "label_rows",
    "labelling",
    "labelling_page",
    "lessons",
    "loop",
    "muon",
    "options",
    "pruning",
    "weights",
]
