"""What all nodes share: node base, images, QoS, diagnostics, message conversion."""

__all__ = [
    "launching",
]
