"""Training of networks for activities from video: rendered people in rooms, and folders of labelled clips."""

__all__ = [
    "bodies",
    "data",
    "export",
    "importing",
    "simulate",
    "weights",
]
