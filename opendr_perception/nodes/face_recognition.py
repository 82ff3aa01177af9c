"""Node `face_recognition`: the faces in each image, with track ids, head poses, and names of the enrolled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.msg import FaceArray
from opendr_perception.ros.node import main
from opendr_perception.ros.outputs import drawn_by, shapes
from opendr_perception.ros.perception.capability import FACES
from opendr_perception.ros.perception.frame import StreamFrame
from opendr_perception.ros.perception.gallery import GalleryServices
from opendr_perception.ros.perception.node import PerceptionNode, PerceptionParameters
from opendr_perception.ros.topics import Cameras, rectified_parameter
from opendr_perception.tasks import face
from opendr_perception.tasks.drawing import draw_faces
from opendr_perception.tasks.face import CameraImage, FaceMemory, FacePerceiver, RecognisedFaces
from opendr_perception.tasks.imaging import Image


@dataclass(frozen=True)
class Parameters(face.Settings, PerceptionParameters):
    """Calibration of the camera."""

    rectified: bool = rectified_parameter()


class FaceRecognition(PerceptionNode[face.Settings, CameraImage, FaceMemory, RecognisedFaces]):
    """image_raw, camera_info -> faces."""

    NAME = "face_recognition"
    RESULT = FACES.result
    OUTPUTS = drawn_by(shapes.of_faces, "face")
    Parameters = Parameters

    def __init__(self, **options: object) -> None:
        self._cameras: Cameras | None = None
        super().__init__(**options)

    def build(self) -> FacePerceiver:
        return face.build(self.params, warn=self.caution)

    def configure(self) -> None:
        super().configure()
        assert isinstance(self.perceiver, FacePerceiver)
        self.until_cleanup.callback(GalleryServices(self, self.perceiver.known).close)

    def activate(self) -> None:
        params = self.params
        self._cameras = Cameras(self, params.streams, params.image_transport, params.rectified, self.warn)
        self.until_deactivate.callback(self._cameras.close)
        super().activate()

    def deactivate(self) -> None:
        if isinstance(self.perceiver, FacePerceiver):
            self.perceiver.known.interrupt("the node is deactivated")

    def read(self, data: Image, stream: str) -> CameraImage:
        return FACES.read(data, None if self._cameras is None else self._cameras.of(stream, data))

    def message(self, frame: StreamFrame[CameraImage, FaceMemory], result: RecognisedFaces) -> FaceArray:
        return FACES.message(frame.seen, result)

    def draw(self, canvas: np.ndarray, seen: CameraImage, result: RecognisedFaces) -> None:
        draw_faces(canvas, result)


if __name__ == "__main__":
    main(FaceRecognition)
