"""Node `people`: one person, one id: bodies, faces, names, places and events, fused from what the other nodes find.

The people of each image wait a moment for the poses, faces, actions, expressions and voices of its stamp; whatever
does not come is left out. All streams share one memory, so that a person keeps an id on all cameras.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from opendr_perception.msg import DetectionArray, PersonArray
from opendr_perception.ros.convert.persons import person_array
from opendr_perception.ros.node import main, parameter
from opendr_perception.ros.outputs import IN_SPACE, PeopleInSpace, drawn_by, shapes
from opendr_perception.ros.people import Joined, Outlook, Telling, header_of, joined_input
from opendr_perception.ros.perception.frame import StreamFrame
from opendr_perception.ros.perception.node import PerceptionNode, PerceptionParameters
from opendr_perception.ros.topics import Arrival, Stream, rectified_parameter
from opendr_perception.tasks.drawing import draw_scene
from opendr_perception.tasks.fusion import CameraMemory, ScenePerceiver, SceneReport, Settings, Sight, build


@dataclass(frozen=True)
class Parameters(Settings, PerceptionParameters):
    """Joining of results, and the frame of positions."""

    target_frame: str = parameter(
        "",
        "Frame of positions, z up and z = 0 on the floor (map, odom or base_link), found by tf; speeds are over ground "
        "where it does not move. Empty: that of the camera, without the floor.",
        read_only=True,
    )
    wait: float = parameter(
        0.25,
        "Seconds that the people of an image wait for poses, faces, actions and emotions of nodes that are there.",
        minimum=0.0,
        maximum=5.0,
    )
    stamp_tolerance: float = parameter(
        0.05,
        "Seconds between the stamps of people and of what is joined with them, at most. Those of one image are the "
        "same; depth cameras differ a little.",
        minimum=0.0,
        maximum=1.0,
    )
    appearance: bool = parameter(
        True,
        "Also subscribe the camera's images, for the colours of clothes; without, nobody is recognised by them.",
        read_only=True,
    )
    publish_tf: bool = parameter(True, "Publish a frame person_<id> for each person who is seen.", read_only=True)
    rectified: bool = rectified_parameter()


class People(PerceptionNode[Settings, Sight, CameraMemory, SceneReport]):
    """persons, poses, faces, actions, emotions, voices, images, camera_info, depth, tf -> people, events, tf."""

    NAME = "people"
    INPUT = joined_input()
    RESULT = (PersonArray, "people")
    OUTPUTS = (*IN_SPACE, *drawn_by(shapes.of_people))
    Parameters = Parameters

    def __init__(self, **options: object) -> None:
        self._outlook: Outlook | None = None
        self._telling: Telling | None = None
        super().__init__(**options)

    def build(self) -> ScenePerceiver:
        return build(self.params, warn=self.caution)

    def configure(self) -> None:
        super().configure()
        self._telling = Telling(self, self.params.publish_tf)
        self.until_cleanup.callback(self._telling.close)

    def activate(self) -> None:
        self._outlook = Outlook(self, super()._receive)
        self.until_deactivate.callback(self._outlook.close)
        super().activate()

    def _receive(self, stream: Stream, arrival: Arrival, message: object) -> None:
        assert self._outlook is not None and isinstance(message, DetectionArray)
        self._outlook.offer(stream, arrival, message)

    def read(self, data: Joined, stream: str) -> Sight:
        assert self._outlook is not None
        return self._outlook.sight(data, stream)

    def message(self, frame: StreamFrame[Sight, CameraMemory], result: SceneReport) -> PersonArray:
        return person_array(header_of(frame.header, frame.seen.frame), frame.seen.size, result)

    def published(self, frame: StreamFrame[Sight, CameraMemory], result: SceneReport) -> None:
        assert self._telling is not None
        self._telling.tell(header_of(frame.header, frame.seen.frame), result)

    def outside(self, frame: StreamFrame[Sight, CameraMemory], message: PersonArray) -> PeopleInSpace:
        return PeopleInSpace(frame.header, message, frame.seen)

    def diagnose(self) -> Any:
        beside = self._outlook.diagnose() if self._outlook is not None and self.stage == "active" else []
        return [*super().diagnose(), *beside]

    def draw(self, canvas: np.ndarray, seen: Sight, result: SceneReport) -> None:
        draw_scene(canvas, result)


if __name__ == "__main__":
    main(People)
