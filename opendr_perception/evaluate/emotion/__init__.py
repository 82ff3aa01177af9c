"""Expressions: how often the right one is named, and how far its score can be believed."""

__all__ = [
    "recognition",
    "sets",
    "voices",
]
