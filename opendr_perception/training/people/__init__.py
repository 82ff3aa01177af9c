"""Rendered people for synthetic images."""

__all__ = [
    "sprites",
]
