"""Moving to see better: view policies, a robot's motion around a person, and the loop that joins them."""

__all__ = [
    "identification",
    "improvement",
]
