"""Node `video_activity`: what happens in front of the camera, or what each tracked person does, from images alone.

Each stream or person has an own continual state: the network sees an image once and never recomputes the past. It looks
about six times a second, whatever the camera's rate is; between, the last answer holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.msg import ActionArray, DetectionArray
from opendr_perception.ros.node import main
from opendr_perception.ros.perception.capability import ACTIVITIES
from opendr_perception.ros.perception.frame import StreamFrame
from opendr_perception.ros.perception.node import PerceptionNode, PerceptionParameters
from opendr_perception.ros.topics import ImageWithResult, result_input
from opendr_perception.tasks import activity
from opendr_perception.tasks.action import Actions
from opendr_perception.tasks.drawing import draw_activities
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import PeopleOfImage

Seen = Image | PeopleOfImage


@dataclass(frozen=True)
class Parameters(activity.Settings, PerceptionParameters):
    """Parameters of `video_activity`."""


class VideoActivity(PerceptionNode[activity.Settings, Seen, activity.ActivityMemory, Actions]):
    """image_raw, with per_person also persons -> activities."""

    NAME = "video_activity"
    INPUT = result_input(ACTIVITIES.source, DetectionArray, "start person_detection, or set per_person to false")
    INPUT_IF = ACTIVITIES.source_if
    WITH_IMAGES = True
    RESULT = ACTIVITIES.result
    Parameters = Parameters

    def build(self) -> activity.ActivityPerceiver:
        return activity.build(self.params, warn=self.caution)

    def read(self, data: Image | ImageWithResult, stream: str) -> Seen:
        return ACTIVITIES.read(data, None)

    def message(self, frame: StreamFrame[Seen, activity.ActivityMemory], result: Actions) -> ActionArray:
        return ACTIVITIES.message(frame.seen, result)

    def draw(self, canvas: np.ndarray, seen: Seen, result: Actions) -> None:
        draw_activities(canvas, seen.people if isinstance(seen, PeopleOfImage) else None, result)


if __name__ == "__main__":
    main(VideoActivity)
