"""Node `person_detection`: the people in each image, with track ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.msg import DetectionArray
from opendr_perception.ros.node import main
from opendr_perception.ros.outputs import drawn_by, shapes
from opendr_perception.ros.perception.capability import PERSONS
from opendr_perception.ros.perception.frame import StreamFrame
from opendr_perception.ros.perception.node import PerceptionNode, PerceptionParameters
from opendr_perception.tasks import people
from opendr_perception.tasks.drawing import draw_people
from opendr_perception.tasks.imaging import Image


@dataclass(frozen=True)
class Parameters(people.Settings, PerceptionParameters):
    """Parameters of `person_detection`."""


class PersonDetection(PerceptionNode[people.Settings, Image, people.PeopleMemory, people.TrackedPeople]):
    """image_raw -> persons."""

    NAME = "person_detection"
    RESULT = PERSONS.result
    OUTPUTS = drawn_by(shapes.of_persons)
    Parameters = Parameters

    def build(self) -> people.PeoplePerceiver:
        return people.build(self.params, warn=self.caution)

    def message(self, frame: StreamFrame[Image, people.PeopleMemory], result: people.TrackedPeople) -> DetectionArray:
        return PERSONS.message(frame.seen, result)

    def draw(self, canvas: np.ndarray, seen: Image, result: people.TrackedPeople) -> None:
        draw_people(canvas, result)


if __name__ == "__main__":
    main(PersonDetection)
