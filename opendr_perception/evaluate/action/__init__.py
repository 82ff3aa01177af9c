"""Accuracy of action recognition on labelled recordings."""

__all__ = [
    "falls",
    "recognition",
    "recordings",
    "sets",
    "streams",
    "watching",
]
