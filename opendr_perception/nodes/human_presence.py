"""Node `human_presence`: how sure it is, in each part of the image, that somebody is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.ros.convert.drawing import draw_heatmap
from opendr_perception.ros.convert.messages import heatmap_image, read_heatmap
from opendr_perception.ros.node import main, parameter
from opendr_perception.ros.perception.node import Frame, PerceptionNode, PerceptionParameters
from opendr_perception.ros.perception.people import load_session
from opendr_perception.tasks.imaging import Heatmap, Image, smooth, to_bgr
from opendr_perception.tasks.presence import SCALES, WINDOW, HumanPresence, check_scales


@dataclass(frozen=True)
class Parameters(PerceptionParameters):
    """What `human_presence` takes."""

    model: str = parameter(
        "presence-1080p",
        "The network of this package, or an ONNX file like it, written by opendr_perception.training.presence.export.",
        read_only=True,
    )
    scales: tuple[float, ...] = parameter(
        SCALES,
        "Sizes in which each image is looked at, as fractions in (0, 1]. In 1.0 people of 32 to 64 pixels are found, "
        "in 0.5 those of 64 to 128, and so on; leaving out 1.0 makes it about four times as fast.",
    )
    longest: int = parameter(
        1920,
        "Images whose longer side has more pixels are reduced to it first; the scales are those of the reduced image.",
        minimum=WINDOW,
        maximum=16384,
    )
    smoothing: float = parameter(
        0.0,
        "Share of the result before that is mixed into each: 0 for none, towards 1 for more calm and more delay.",
        minimum=0.0,
        maximum=0.99,
    )
    threshold: float = parameter(
        0.95,
        "In ~/image, boxes are drawn around cells that reach this. The heatmap itself has all values.",
        minimum=0.01,
        maximum=1.0,
    )


@dataclass
class Memory:
    """What is kept of one stream."""

    heatmap: Heatmap | None = None


class HumanPresenceNode(PerceptionNode):
    """image_raw -> presence."""

    NAME = "human_presence"
    RESULT = (ImageMessage, "presence")
    Parameters = Parameters

    def load(self) -> None:
        check_scales(self.params.scales)
        session = load_session(self.params.model, self.params)
        self._presence = HumanPresence(session, self.params.scales, self.params.longest)
        session.warm_up(image=(1, 4 * WINDOW, 4 * WINDOW, 3))

    def unload(self) -> None:
        del self._presence

    def check_parameters(self, params: Any) -> None:
        check_scales(params.scales)

    def new_memory(self) -> Memory:
        return Memory()

    def process(self, frames: Sequence[Frame]) -> Iterable[ImageMessage]:
        self._presence.scales, self._presence.longest = self.params.scales, self.params.longest
        return map(self._look, frames)

    def _look(self, frame: Frame) -> ImageMessage:
        memory = frame.memory
        memory.heatmap = smooth(self._presence(to_bgr(frame.data)), memory.heatmap, self.params.smoothing)
        return heatmap_image(memory.heatmap)

    def draw(self, canvas: np.ndarray, data: Image, result: ImageMessage) -> None:
        draw_heatmap(canvas, read_heatmap(result, self._presence.stride), self.params.threshold)


if __name__ == "__main__":
    main(HumanPresenceNode)
