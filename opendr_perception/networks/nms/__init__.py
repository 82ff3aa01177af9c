"""Networks for non-maximum suppression."""

__all__ = [
    "dense",
    "gossip",
    "regions",
    "seq2seq",
]
