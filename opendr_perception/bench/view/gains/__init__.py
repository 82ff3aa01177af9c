"""Answers about somebody before and after one move that is chosen by expected gain."""

__all__ = [
    "actions",
    "expressions",
    "heights",
    "looking",
]
