"""Networks for non-maximum suppression."""

__all__ = [
    "dense",
    "regions",
    "seq2seq",
]
