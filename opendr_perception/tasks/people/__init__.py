"""People in images: detection, also in large images, and tracking."""

from opendr_perception.tasks.people.detection import BINS, STRIDES, PersonDetector
from opendr_perception.tasks.people.high_resolution import Glance, HighResolutionDetector, Resolution, View, belong
from opendr_perception.tasks.people.overview import DetectorOverview, Overview, pool
from opendr_perception.tasks.people.two_sizes import TwoSizes

__all__ = [
    "BINS",
    "STRIDES",
    "DetectorOverview",
    "Glance",
    "HighResolutionDetector",
    "Overview",
    "PersonDetector",
    "Resolution",
    "TwoSizes",
    "View",
    "belong",
    "pool",
    "tracking",
]
