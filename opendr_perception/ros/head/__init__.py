"""A pan-tilt head that looks at people, of a robot that does not drive for it."""

from opendr_perception.ros.head.explorer import HeadExplorer
from opendr_perception.ros.head.guards import HeadGuards
from opendr_perception.ros.head.parameters import HeadParameters
from opendr_perception.ros.head.publisher import HeadPublisher

__all__ = [
    "HeadExplorer",
    "HeadGuards",
    "HeadParameters",
    "HeadPublisher",
]
