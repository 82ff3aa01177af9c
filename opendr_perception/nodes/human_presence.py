"""Node `human_presence`: how sure it is, in each part of the image, that somebody is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.ros.node import main, parameter
from opendr_perception.ros.perception.capability import PRESENCE
from opendr_perception.ros.perception.frame import StreamFrame
from opendr_perception.ros.perception.node import PerceptionNode, PerceptionParameters
from opendr_perception.tasks import presence
from opendr_perception.tasks.drawing import draw_heatmap
from opendr_perception.tasks.imaging import Heatmap, Image


@dataclass(frozen=True)
class Parameters(presence.Settings, PerceptionParameters):
    """Parameters of drawing."""

    threshold: float = parameter(
        0.95,
        "In ~/image, boxes are drawn around cells that reach this. The heatmap itself has all values.",
        minimum=0.01,
        maximum=1.0,
    )


class HumanPresenceNode(PerceptionNode[presence.Settings, Image, presence.PresenceMemory, Heatmap]):
    """image_raw -> presence."""

    NAME = "human_presence"
    RESULT = PRESENCE.result
    Parameters = Parameters

    def build(self) -> presence.PresencePerceiver:
        return presence.build(self.params, warn=self.caution)

    def message(self, frame: StreamFrame[Image, presence.PresenceMemory], result: Heatmap) -> ImageMessage:
        return PRESENCE.message(frame.seen, result)

    def draw(self, canvas: np.ndarray, seen: Image, result: Heatmap) -> None:
        draw_heatmap(canvas, result, self.params.threshold)


if __name__ == "__main__":
    main(HumanPresenceNode)
