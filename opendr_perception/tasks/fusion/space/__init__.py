"""People in space: position by depth, size and floor; velocity, zone, and attention to the camera."""

from opendr_perception.tasks.fusion.space.attention import Approach, approach, looks_here, zone_of
from opendr_perception.tasks.fusion.space.heads import head_of
from opendr_perception.tasks.fusion.space.locating import Fix, locate
from opendr_perception.tasks.fusion.space.motion import MotionEstimate, follow
from opendr_perception.tasks.fusion.space.reaching import direction

__all__ = [
    "Approach",
    "Fix",
    "MotionEstimate",
    "approach",
    "direction",
    "follow",
    "head_of",
    "locate",
    "looks_here",
    "measures",
    "zone_of",
]
