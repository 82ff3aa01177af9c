"""Networks for view control."""

__all__ = [
    "frame_policy",
    "occlusion",
]
