"""Networks for non-maximum suppression."""

__all__ = [
    "dense",
    "seq2seq",
]
