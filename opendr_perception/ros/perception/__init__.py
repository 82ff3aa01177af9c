"""What perception nodes share: the worker that processes streams, detectors, the gallery's services."""

__all__ = [
    "gallery",
    "node",
    "people",
    "poses",
]
