"""The training loop, checkpoints, files of weights, commands, adapters, gates, pruning, and labels of recordings."""

__all__ = [
    "adapters",
    "checkpoint",
    "command",
    "gating",
    "label_rows",
    "labelling",
    "labelling_page",
    "lessons",
    "loop",
    "muon",
    "pruning",
    "weights",
]
