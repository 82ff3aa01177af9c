"""Accuracy of face recognition on labelled faces."""

__all__ = [
    "identity",
    "sets",
]
