"""Between messages and what tasks work with, and results drawn into images."""

__all__ = [
    "drawing",
    "images",
    "messages",
    "stamps",
]
