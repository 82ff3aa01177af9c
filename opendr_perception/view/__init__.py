"""Results in a browser: cameras with boxes and skeletons, what people do over time, space, and how old results are."""

from opendr_perception.view.commands import view
from opendr_perception.view.fleet import FleetListener, fleet
from opendr_perception.view.listener import ViewListener
from opendr_perception.view.overlay import TOPICS, Changes, Dot, Overlay, overlay
from opendr_perception.view.recording import record
from opendr_perception.view.sinks import EXTRA, ViewError, ViewSink

__all__ = [
    "EXTRA",
    "TOPICS",
    "Changes",
    "Dot",
    "FleetListener",
    "Overlay",
    "ViewError",
    "ViewListener",
    "ViewSink",
    "fleet",
    "overlay",
    "page",
    "record",
    "sockets",
    "view",
]
