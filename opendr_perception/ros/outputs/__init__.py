"""Results in the messages of other stacks, made only while somebody subscribes them.

A node names them in one line, `OUTPUTS = drawn_by(shapes.of_poses)`. The packages of the messages are imported at run
time, and a robot need not have them.
"""

from opendr_perception.ros.outputs.lazy import Extra, Outputs
from opendr_perception.ros.outputs.standard import drawn_by

__all__ = [
    "Extra",
    "Outputs",
    "drawn_by",
    "shapes",
]
