"""Between messages and what tasks work with."""

__all__ = [
    "images",
    "messages",
    "persons",
    "plain",
    "readers",
    "stamps",
]
