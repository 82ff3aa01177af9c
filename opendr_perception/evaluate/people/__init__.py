"""Accuracy of detection, suppression and tracking on labelled images."""

__all__ = [
    "detection",
    "scene",
    "sets",
    "suppression",
    "tracking",
]
