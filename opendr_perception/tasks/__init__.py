"""What a robot perceives: each capability without ROS and without torch, built into a perceiver."""

__all__ = [
    "drawing",
    "perceiver",
]
