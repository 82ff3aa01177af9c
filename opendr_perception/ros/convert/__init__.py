"""Between messages and what tasks work with."""

__all__ = [
    "images",
    "messages",
    "readers",
    "stamps",
]
