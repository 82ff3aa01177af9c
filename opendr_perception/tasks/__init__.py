"""Capabilities of perception: each without ROS and without torch, built into a perceiver."""

__all__ = [
    "drawing",
    "memories",
    "perceiver",
    "shapes",
    "tracks",
]
