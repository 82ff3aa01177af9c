"""The demonstration: the suite on real video, with everything that it published written down."""

__all__ = [
    "active",
    "command",
]
