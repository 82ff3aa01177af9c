"""Training of view control: occluders, tables of views, policies."""

__all__ = [
    "occluders",
]
