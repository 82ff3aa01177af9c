"""Results in a browser: cameras with boxes and skeletons, what people do over time, space, and how old results are."""

from opendr_perception.view.commands import view
from opendr_perception.view.layer import TOPICS, Changes, Dot, Layer, layer
from opendr_perception.view.listener import ViewListener
from opendr_perception.view.recording import record
from opendr_perception.view.sinks import EXTRA, Sink, ViewError

__all__ = [
    "EXTRA",
    "TOPICS",
    "Changes",
    "Dot",
    "Layer",
    "Sink",
    "ViewError",
    "ViewListener",
    "layer",
    "page",
    "record",
    "sockets",
    "view",
]
