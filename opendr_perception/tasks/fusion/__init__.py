"""One person, one id: what others find in the images of cameras, fused to people in space, and what happens to them."""

from opendr_perception.tasks.fusion.build import ScenePerceiver, build
from opendr_perception.tasks.fusion.following import CameraMemory
from opendr_perception.tasks.fusion.settings import Settings
from opendr_perception.tasks.fusion.sight import (
    Event,
    HeadPose,
    Mount,
    NameSource,
    Person,
    PersonLocation,
    PositionSource,
    SceneReport,
    Sight,
    Zone,
)

__all__ = [
    "CameraMemory",
    "Event",
    "HeadPose",
    "Mount",
    "NameSource",
    "Person",
    "PersonLocation",
    "PositionSource",
    "ScenePerceiver",
    "SceneReport",
    "Settings",
    "Sight",
    "Zone",
    "build",
    "joining",
    "settings",
    "sight",
]
