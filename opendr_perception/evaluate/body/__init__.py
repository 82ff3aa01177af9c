"""Accuracy of body keypoints on labelled images."""

__all__ = [
    "keypoints",
    "sets",
]
