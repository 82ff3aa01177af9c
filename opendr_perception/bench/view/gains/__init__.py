"""Answers about somebody before and after one move that is chosen by expected gain."""

__all__ = [
    "actions",
    "driven",
    "expressions",
    "heights",
    "looking",
]
