"""Measured comparisons with peers."""

__all__ = [
    "command",
]
