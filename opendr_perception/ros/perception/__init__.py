"""Common parts of perception nodes: the worker that processes streams, and the gallery's services."""

__all__ = [
    "capability",
    "frame",
    "gallery",
    "node",
]
