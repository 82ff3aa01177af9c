"""Networks for activities from video: X3D, Slow and I3D for clips, and their continual forms."""

__all__ = [
    "head",
    "resnet",
    "trunk",
    "x3d",
]
