"""A robot's sensors and base: scans, transforms, velocities, and the driver for Webots."""

__all__ = [
    "camera_view",
    "head_topics",
    "messages",
    "publisher",
    "scans",
    "transforms",
    "velocity_publisher",
]
