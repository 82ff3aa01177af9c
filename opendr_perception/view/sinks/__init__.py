"""Viewers: each takes overlays, and says whether anybody looks."""

from opendr_perception.view.sinks.base import EXTRA, ViewError, ViewSink

__all__ = ["EXTRA", "ViewError", "ViewSink", "foxglove", "quick", "rerun"]
