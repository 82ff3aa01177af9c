"""Accuracy of what is said of heart signals, and the recordings that say it."""

__all__ = [
    "heart",
    "sets",
    "wfdb_beats",
]
