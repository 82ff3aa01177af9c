"""Training of networks that hear."""

__all__ = [
    "teaching",
]
