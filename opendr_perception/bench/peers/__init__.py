"""OpenDR's networks, to compare with."""

__all__ = [
    "opendr",
]
