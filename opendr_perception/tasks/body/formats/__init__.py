"""Formats of pose networks: of crops around one person each, or of all people of an image at once.

A model says its format in its metadata, which `opendr-perception models import` writes; MoveNet's and Lightweight
OpenPose's have none there, and are known by their outputs.
"""

from opendr_perception.tasks.body.formats.base import BodyReader, CropFormat, DecodedBodies
from opendr_perception.tasks.body.formats.choice import (
    BOTTOM_UP,
    TOP_DOWN,
    bottom_up,
    is_bottom_up,
    name_of,
    top_down,
)
from opendr_perception.tasks.body.formats.openpose import STRIDE, OpenPose

__all__ = [
    "BOTTOM_UP",
    "STRIDE",
    "TOP_DOWN",
    "BodyReader",
    "CropFormat",
    "DecodedBodies",
    "OpenPose",
    "bottom_up",
    "is_bottom_up",
    "name_of",
    "top_down",
]
