"""Cost of the node base, and its behaviour under load."""

__all__ = [
    "overhead",
    "streams",
    "whole",
]
