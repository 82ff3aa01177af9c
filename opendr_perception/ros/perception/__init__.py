"""What perception nodes share: the worker that processes streams, and the gallery's services."""

__all__ = [
    "gallery",
    "node",
]
