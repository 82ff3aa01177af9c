"""Node `face_recognition`: the faces in each image, with track ids, head poses, and names of the enrolled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from opendr_perception.msg import FaceArray
from opendr_perception.ros.convert.drawing import draw_faces
from opendr_perception.ros.convert.messages import face_array
from opendr_perception.ros.node import main, parameter
from opendr_perception.ros.perception.gallery import GalleryServices
from opendr_perception.ros.perception.node import Frame, PerceptionNode, PerceptionParameters
from opendr_perception.ros.perception.people import load_session
from opendr_perception.ros.topics import Cameras, rectified_parameter
from opendr_perception.tasks.face import (
    Enroller,
    FaceDetector,
    FaceEmbedder,
    FaceIdentifier,
    Faces,
    GalleryError,
    GalleryFolder,
    Identity,
    IdentityMemory,
    Sighting,
    default_gallery,
    fingerprint,
    head_poses,
    look_alikes,
)
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people.tracking import PersonTracker, new_ids


@dataclass(frozen=True)
class Parameters(PerceptionParameters):
    """What `face_recognition` takes."""

    model: str = parameter(
        "blazeface",
        "A face detector of the zoo (opendr-perception models list), or an ONNX file like it.",
        read_only=True,
    )
    embedder: str = parameter(
        "face-embedding",
        "What tells people apart: of the zoo, or an ONNX file like it. A gallery belongs to the one it was made with.",
        read_only=True,
    )
    gallery: str = parameter(
        "",
        "Folder of the known faces, with a subfolder of pictures for each person. Empty for the user's own: "
        "$XDG_DATA_HOME/opendr_perception/gallery, where ~/.local/share stands for a missing $XDG_DATA_HOME.",
        read_only=True,
    )
    identify: bool = parameter(
        True, "Say who the faces are. false forgets at once what was noted of them, and only detects."
    )
    distance_threshold: float = parameter(
        0.0,
        "Distance from which on two faces are two people, for a person who is like nobody else in the gallery; the "
        "nearer another one is, the smaller it becomes by itself. Lower mistakes fewer, higher knows more again. 0 "
        "takes what the gallery says: 0.47, unless `opendr-perception gallery check --set-threshold` has changed it.",
        minimum=0.0,
        maximum=2.0,
    )
    score_threshold: float = parameter(0.5, "Detections below this score are left out.", minimum=0.0, maximum=1.0)
    iou_threshold: float = parameter(
        0.3, "Boxes whose intersection over union is above this are one face.", minimum=0.0, maximum=1.0
    )
    tile_size: int = parameter(
        640,
        "Pictures from 1.5 times this length on are looked at a second time, in tiles of so many pixels a side, to "
        "find faces down to 1/16 of that; it takes as long as one more picture for each tile. 0 switches that off.",
        minimum=0,
        maximum=16384,
    )
    border: float = parameter(
        0.25,
        "Each image is looked at once more with its edges repeated by this share of its longer side, for faces that "
        "fill it or are cut by it. 0 saves the time of that pass.",
        minimum=0.0,
        maximum=1.0,
    )
    rectified: bool = rectified_parameter()


@dataclass
class Memory:
    """What is kept of one stream."""

    tracker: PersonTracker
    identities: IdentityMemory = field(default_factory=IdentityMemory)


class FaceRecognition(PerceptionNode):
    """image_raw, camera_info -> faces."""

    NAME = "face_recognition"
    RESULT = (FaceArray, "faces")
    Parameters = Parameters

    def load(self) -> None:
        detector, embedder = (load_session(model, self.params) for model in (self.params.model, self.params.embedder))
        self._detector, self._embedder = FaceDetector(detector), FaceEmbedder(embedder)
        self._identifier = FaceIdentifier(self._embedder)
        enroller = Enroller(self._detector, self._embedder)
        path = Path(self.params.gallery).expanduser() if self.params.gallery else default_gallery()
        folder = GalleryFolder(path, fingerprint(self.params.embedder, embedder))
        gallery = enroller.synchronise(folder, lambda text: self.warn(text, f"gallery: {text}"))
        for line in look_alikes(gallery):
            self.warn(line, f"gallery: {line}")
        for session in (detector, embedder):
            session.warm_up()
        self._ids = new_ids()
        self._known = GalleryServices(self, folder, gallery, enroller, self._embedder)

    def unload(self) -> None:
        self._known.close()
        del self._detector, self._embedder, self._identifier, self._known

    def activate(self) -> None:
        params = self.params
        self._cameras = Cameras(self, params.streams, params.image_transport, params.rectified, self.warn)
        self.until_deactivate.callback(self._cameras.close)
        super().activate()

    def deactivate(self) -> None:
        self._known.interrupt("the node is deactivated")

    def new_memory(self) -> Memory:
        return Memory(PersonTracker(self._ids))

    def process(self, frames: Sequence[Frame]) -> Iterable[FaceArray]:
        self._detector.score_threshold = self.params.score_threshold
        self._detector.iou_threshold = self.params.iou_threshold
        self._detector.tile_size = self.params.tile_size
        self._detector.border = self.params.border
        try:
            self._known.refresh()
        except GalleryError as error:
            self.warn(str(error), "gallery")
        found = self._detector([frame.data for frame in frames])
        return map(self._recognise, frames, found)

    def _recognise(self, frame: Frame, faces: Faces) -> FaceArray:
        image, memory = frame.data, frame.memory
        poses = head_poses(faces, self._cameras.of(frame.stream, image))
        tracks = memory.tracker.update(faces.detections, frame.time)
        seen = Sighting(image, faces, poses, tracks, memory.tracker.alive)
        self._known.offer(seen)
        return face_array(image, faces, tracks, poses, self._identify(memory, seen))

    def _identify(self, memory: Memory, seen: Sighting) -> Sequence[Identity]:
        if not self.params.identify:
            memory.identities = IdentityMemory()
            return [Identity()] * len(seen.tracks)
        gallery = self._known.gallery
        return self._identifier(memory.identities, gallery, self.params.distance_threshold or gallery.threshold, seen)

    def draw(self, canvas: np.ndarray, data: Image, result: FaceArray) -> None:
        draw_faces(canvas, result)


if __name__ == "__main__":
    main(FaceRecognition)
