"""Node `emotion_recognition`: the expression, valence and arousal of each face, from the image that it was found in.

Each image is paired with the faces of exactly its stamp. A network looks at all faces of the image; a temporal network,
with an own state for each track, tells a change of expression from a glitch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.msg import EmotionArray, FaceArray
from opendr_perception.ros.convert.drawing import draw_emotions
from opendr_perception.ros.convert.messages import emotion_array, face_views
from opendr_perception.ros.node import main, parameter
from opendr_perception.ros.perception.node import Frame, PerceptionNode, PerceptionParameters
from opendr_perception.ros.perception.people import load_session
from opendr_perception.ros.topics import Pictured, result_input
from opendr_perception.tasks.emotion import (
    EmotionMemory,
    EmotionRecogniser,
    Exponential,
    ExpressionNet,
    FacesInView,
    Smoothing,
    Temporal,
    Unsmoothed,
)


@dataclass(frozen=True)
class Parameters(PerceptionParameters):
    """What `emotion_recognition` takes."""

    model: str = parameter(
        "face-expression",
        "An expression network of the zoo, or an ONNX file with the input image uint8 (N, H, W, 3) RGB, the output "
        "probabilities (N, C), optionally the output valence_arousal (N, 2), and the metadata labels, a JSON list.",
        read_only=True,
    )
    temporal: str = parameter(
        "emotion-nactcn",
        "What joins the frames of a track: a temporal network of the zoo or an ONNX file like it, 'exponential' for an "
        "average with a time constant of 0.14 s, or 'none' for every frame by itself. A network whose labels are not "
        "those of the model is replaced by the average.",
        read_only=True,
    )
    max_faces: int = parameter(
        20,
        "At most so many faces, the largest ones, are looked at; the time grows with their number.",
        minimum=1,
        maximum=1000,
    )


class EmotionRecognition(PerceptionNode):
    """image_raw, faces -> emotions."""

    NAME = "emotion_recognition"
    INPUT = result_input("faces", FaceArray)
    WITH_IMAGES = True
    RESULT = (EmotionArray, "emotions")
    Parameters = Parameters

    def load(self) -> None:
        session = load_session(self.params.model, self.params)
        net = ExpressionNet(session)
        session.warm_up()
        self._recogniser = EmotionRecogniser(net, self._smoothing(net.labels))

    def unload(self) -> None:
        del self._recogniser

    def new_memory(self) -> EmotionMemory:
        return EmotionMemory()

    def release_memory(self, memory: EmotionMemory) -> None:
        self._recogniser.forget(memory)

    def process(self, frames: Sequence[Frame]) -> Iterable[EmotionArray]:
        self._recogniser.lost_after = self.params.max_gap
        self._recogniser.max_faces = self.params.max_faces
        emotions = self._recogniser([_view(frame) for frame in frames])
        return [emotion_array(found, self._recogniser.labels) for found in emotions]

    def draw(self, canvas: np.ndarray, data: Pictured, result: EmotionArray) -> None:
        draw_emotions(canvas, data.result, result)

    def _smoothing(self, labels: tuple[str, ...]) -> Smoothing:
        if self.params.temporal == "none":
            return Unsmoothed()
        if self.params.temporal == "exponential":
            return Exponential()
        temporal = Temporal(load_session(self.params.temporal, self.params))
        if temporal.labels == labels:
            return temporal
        self.warn(
            f"{self.params.temporal} is for the labels {', '.join(temporal.labels)}, but {self.params.model} has "
            f"{', '.join(labels)}: frames are joined by an exponential average instead",
            "temporal",
        )
        return Exponential()


def _view(frame: Frame) -> FacesInView:
    image, faces = frame.data.image, frame.data.result
    if (faces.width, faces.height) != (image.width, image.height):
        raise ValueError(
            f"the faces are of an image of {faces.width}x{faces.height}, but the image of their stamp has "
            f"{image.width}x{image.height}"
        )
    return FacesInView(frame.memory, image, face_views(faces), frame.time)


if __name__ == "__main__":
    main(EmotionRecognition)
