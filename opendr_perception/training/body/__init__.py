"""Simulated bodies: their measures and motion; export of Lightweight OpenPose."""

__all__ = [
    "key_poses",
    "motion",
]
