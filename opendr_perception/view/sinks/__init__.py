"""Viewers: each takes layers, and says whether anybody looks."""

from opendr_perception.view.sinks.base import EXTRA, Sink, ViewError

__all__ = ["EXTRA", "Sink", "ViewError", "foxglove", "rerun"]
