"""Node `person_detection`: the people in each image, with track ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.msg import DetectionArray
from opendr_perception.ros.convert.drawing import draw_detections
from opendr_perception.ros.convert.messages import detection_array
from opendr_perception.ros.node import main, parameter
from opendr_perception.ros.perception.node import Frame, PerceptionNode
from opendr_perception.ros.perception.people import PeopleFinder, PeopleParameters, track_ids
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people.tracking import PersonTracker, new_ids


@dataclass(frozen=True)
class Parameters(PeopleParameters):
    """What `person_detection` takes."""

    model: str = parameter(
        "nanodet",
        "A person detector of the zoo (opendr-perception models list), or an ONNX file like it.",
        read_only=True,
    )


class PersonDetection(PerceptionNode):
    """image_raw -> persons."""

    NAME = "person_detection"
    RESULT = (DetectionArray, "persons")
    Parameters = Parameters

    def load(self) -> None:
        self._finder = PeopleFinder(self.params.model, self.params)
        self._ids = new_ids()

    def unload(self) -> None:
        del self._finder

    def check_parameters(self, params: PeopleParameters) -> None:
        if hasattr(self, "_finder"):
            self._finder.method(params)

    def new_memory(self) -> PersonTracker:
        return PersonTracker(self._ids)

    def process(self, frames: Sequence[Frame]) -> Iterable[DetectionArray]:
        self._finder.tune(self.params)
        found = self._finder.find([frame.data for frame in frames])
        return map(self._answer, frames, found)

    def _answer(self, frame: Frame, people: Detections) -> DetectionArray:
        return detection_array(frame.data, people, track_ids(frame, people, self.params), label="person")

    def draw(self, canvas: np.ndarray, data: Image, result: DetectionArray) -> None:
        draw_detections(canvas, result)


if __name__ == "__main__":
    main(PersonDetection)
