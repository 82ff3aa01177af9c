"""People in images: detection, also in large images, and tracking."""

from opendr_perception.tasks.people.build import (
    DetectionSettings,
    Finder,
    People,
    PeoplePerceiver,
    Settings,
    build,
    track_ids,
)
from opendr_perception.tasks.people.detection import PersonDetector, canvas_size
from opendr_perception.tasks.people.formats import BINS, STRIDES
from opendr_perception.tasks.people.high_resolution import Glance, HighResolutionDetector, Resolution, View, belong
from opendr_perception.tasks.people.overview import DetectorOverview, Overview, pool
from opendr_perception.tasks.people.tracking import PersonTracker, new_ids
from opendr_perception.tasks.people.two_sizes import TwoSizes

__all__ = [
    "BINS",
    "STRIDES",
    "DetectionSettings",
    "DetectorOverview",
    "Finder",
    "Glance",
    "HighResolutionDetector",
    "Overview",
    "People",
    "PeoplePerceiver",
    "PersonDetector",
    "PersonTracker",
    "Resolution",
    "Settings",
    "TwoSizes",
    "View",
    "belong",
    "build",
    "canvas_size",
    "formats",
    "new_ids",
    "pool",
    "track_ids",
    "tracking",
]
