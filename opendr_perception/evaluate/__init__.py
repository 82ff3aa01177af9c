"""Accuracy on labelled, real data: readers, measures, reports. Free of ROS and torch."""

__all__ = [
    "command",
    "measures",
    "plots",
    "report",
    "worsening",
]
