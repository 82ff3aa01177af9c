"""Input and output of the node `people`: results of other nodes by their stamps, calibration, tf, depth and events."""

from opendr_perception.ros.people.companions import KINDS, Companions, Joined
from opendr_perception.ros.people.depth import read_depth
from opendr_perception.ros.people.lenses import Lens
from opendr_perception.ros.people.outlook import Outlook, header_of, joined_input
from opendr_perception.ros.people.telling import Telling

__all__ = [
    "KINDS",
    "Companions",
    "Joined",
    "Lens",
    "Outlook",
    "Telling",
    "header_of",
    "joined_input",
    "read_depth",
]
