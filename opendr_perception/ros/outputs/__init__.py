"""Results in the messages of other stacks, made only while somebody subscribes them.

A node names them in one line, `OUTPUTS = drawn_by(shapes.of_poses)`; `IN_SPACE` is for people who are located. The
packages of the messages are imported at run time, and a robot need not have them.
"""

from opendr_perception.ros.outputs.annotations import image_annotations
from opendr_perception.ros.outputs.lazy import Extra, Outputs, messages
from opendr_perception.ros.outputs.space import PeopleInSpace
from opendr_perception.ros.outputs.standard import IN_SPACE, drawn_by

__all__ = [
    "IN_SPACE",
    "Extra",
    "Outputs",
    "PeopleInSpace",
    "drawn_by",
    "image_annotations",
    "messages",
    "shapes",
]
