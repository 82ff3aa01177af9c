"""Training of the small network of expressions that the node takes."""

__all__ = [
    "export",
    "variation",
]
