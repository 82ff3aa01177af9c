"""Accuracy of action recognition on labelled recordings."""

__all__ = [
    "recognition",
    "recordings",
    "sets",
    "streams",
]
