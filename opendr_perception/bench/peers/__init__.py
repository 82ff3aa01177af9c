"""Other implementations, to compare with: OpenDR's networks, and torch."""

__all__ = [
    "opendr",
    "pytorch",
]
