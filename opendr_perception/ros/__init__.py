"""Common parts of all nodes: node base, images, QoS, diagnostics, message conversion."""

__all__ = [
    "launching",
]
