"""Node `emotion_recognition`: the expression, valence and arousal of each face, from the image that it was found in.

Each image is paired with the faces of exactly its stamp. A network looks at all faces of the image; a temporal network,
with an own state for each track, tells a change of expression from a glitch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.msg import EmotionArray, FaceArray
from opendr_perception.ros.node import main
from opendr_perception.ros.perception.capability import EMOTIONS
from opendr_perception.ros.perception.frame import StreamFrame
from opendr_perception.ros.perception.node import PerceptionNode, PerceptionParameters
from opendr_perception.ros.topics import ImageWithResult, result_input
from opendr_perception.tasks import emotion
from opendr_perception.tasks.drawing import draw_emotions
from opendr_perception.tasks.emotion import FacesOfImage


@dataclass(frozen=True)
class Parameters(emotion.Settings, PerceptionParameters):
    """Parameters of `emotion_recognition`."""


class EmotionRecognition(PerceptionNode[emotion.Settings, FacesOfImage, emotion.EmotionMemory, emotion.Emotions]):
    """image_raw, faces -> emotions."""

    NAME = "emotion_recognition"
    INPUT = result_input(EMOTIONS.source, FaceArray)
    WITH_IMAGES = True
    RESULT = EMOTIONS.result
    Parameters = Parameters

    def build(self) -> emotion.EmotionPerceiver:
        return emotion.build(self.params, warn=self.caution)

    def read(self, data: ImageWithResult, stream: str) -> FacesOfImage:
        return EMOTIONS.read(data, None)

    def message(
        self, frame: StreamFrame[FacesOfImage, emotion.EmotionMemory], result: emotion.Emotions
    ) -> EmotionArray:
        return EMOTIONS.message(frame.seen, result)

    def draw(self, canvas: np.ndarray, seen: FacesOfImage, result: emotion.Emotions) -> None:
        draw_emotions(canvas, seen.faces, result)


if __name__ == "__main__":
    main(EmotionRecognition)
