"""People in images: detection, also in large images, and tracking."""

from opendr_perception.tasks.people.appearance import looks
from opendr_perception.tasks.people.build import (
    DetectionSettings,
    Finder,
    PeopleMemory,
    PeopleOfImage,
    PeoplePerceiver,
    Settings,
    TrackedPeople,
    build,
    given,
    people_kinds,
    resume_ids,
    track_ids,
)
from opendr_perception.tasks.people.carrying import Seen
from opendr_perception.tasks.people.detection import PersonDetector, canvas_size
from opendr_perception.tasks.people.formats import BINS, STRIDES
from opendr_perception.tasks.people.high_resolution import (
    HighResolutionDetector,
    RegionProposer,
    Resolution,
    ScaledCrop,
    assign_to_crop,
)
from opendr_perception.tasks.people.overview import DetectorOverview, Overview, pool
from opendr_perception.tasks.people.tracking import SIGNS, PersonTracker, TrackIds, load_library, new_ids, tracker_kinds
from opendr_perception.tasks.people.two_sizes import TwoSizes

__all__ = [
    "BINS",
    "SIGNS",
    "STRIDES",
    "DetectionSettings",
    "DetectorOverview",
    "Finder",
    "HighResolutionDetector",
    "Overview",
    "PeopleMemory",
    "PeopleOfImage",
    "PeoplePerceiver",
    "PersonDetector",
    "PersonTracker",
    "RegionProposer",
    "Resolution",
    "ScaledCrop",
    "Seen",
    "Settings",
    "TrackIds",
    "TrackedPeople",
    "TwoSizes",
    "assign_to_crop",
    "build",
    "canvas_size",
    "engagement",
    "formats",
    "given",
    "load_library",
    "looks",
    "new_ids",
    "people_kinds",
    "pool",
    "resume_ids",
    "track_ids",
    "tracker_kinds",
    "tracking",
]
