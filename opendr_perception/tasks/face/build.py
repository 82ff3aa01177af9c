"""From settings to a perceiver of faces: where they are, how they are turned, and whose they are."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opendr_perception import settings as values
from opendr_perception import zoo
from opendr_perception.settings import parameter
from opendr_perception.tasks.face.detection import FaceDetector, Faces
from opendr_perception.tasks.face.embedding import FaceEmbedder, head_poses
from opendr_perception.tasks.face.enrolment import Enroller, default_gallery, fingerprint
from opendr_perception.tasks.face.gallery import GalleryError
from opendr_perception.tasks.face.gallery_folder import GalleryFolder
from opendr_perception.tasks.face.identity import (
    Compared,
    Evidence,
    FaceIdentifier,
    Identity,
    IdentityMemory,
    TrackedFaces,
    look_alikes,
)
from opendr_perception.tasks.face.live_enrolment import KnownFaces
from opendr_perception.tasks.imaging import Image, PinholeCamera, Pixels
from opendr_perception.tasks.memories import Kinds, NotAValue
from opendr_perception.tasks.people import PersonTracker, given, load_library, new_ids, resume_ids, tracker_kinds
from opendr_perception.tasks.perceiver import Moment, Perceiver, PerceiverSettings, TwoSteps, Warn, as_image
from opendr_perception.tasks.shapes import Angles


@dataclass(frozen=True)
class Settings(PerceiverSettings):
    """Faces."""

    model: str = parameter(
        "blazeface",
        "A face detector of the zoo (opendr-perception models list), one of your own (models import yunet, scrfd or "
        "retinaface), or an ONNX file like them.",
        read_only=True,
    )
    embedder: str = parameter(
        "face-embedding",
        "Embedding network: of the zoo, one of your own (models import arcface, adaface or facenet), or an ONNX file "
        "like them. A gallery belongs to the one it was made with: opendr-perception gallery rebuild makes it anew.",
        read_only=True,
    )
    gallery: str = parameter(
        "",
        "Folder of the known faces, with a subfolder of images for each person. Empty for the user's own: "
        "$XDG_DATA_HOME/opendr_perception/gallery, where ~/.local/share stands for a missing $XDG_DATA_HOME.",
        read_only=True,
    )
    identify: bool = parameter(
        True, "Identify the faces. false deletes at once what was remembered of them, and only detects."
    )
    distance_threshold: float = parameter(
        0.0,
        "Distance from which on two faces are two people, for a person who is like nobody else in the gallery; the "
        "nearer another one is, the smaller it becomes by itself. Lower: fewer false matches; higher: fewer missed "
        "matches. 0 takes what the gallery says: 0.47, unless `opendr-perception gallery check --set-threshold` has "
        "changed it.",
        minimum=0.0,
        maximum=2.0,
    )
    score_threshold: float = parameter(0.5, "Detections below this score are left out.", minimum=0.0, maximum=1.0)
    iou_threshold: float = parameter(
        0.3, "Boxes whose intersection over union is above this are one face.", minimum=0.0, maximum=1.0
    )
    tile_size: int = parameter(
        640,
        "Images from 1.5 times this length on are looked at a second time, in tiles of so many pixels a side, to "
        "find faces down to 1/16 of that; it takes as long as one more image for each tile. 0 switches that off.",
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


@dataclass(frozen=True)
class CameraImage:
    """An image, and the camera that took it; None for an ordinary one."""

    image: Image
    camera: PinholeCamera | None = None


@dataclass(frozen=True)
class RecognisedFaces:
    """The faces of one image.

    Args:
        faces: n boxes, scores and landmarks.
        tracks: the id of each, which stays from image to image; '' while it is not confirmed.
        angles: (n, 3) yaw, pitch, roll of the heads, rad.
        identities: who they are.
    """

    faces: Faces
    tracks: Sequence[str]
    angles: Angles
    identities: Sequence[Identity]

    def __len__(self) -> int:
        return len(self.faces)


@dataclass
class FaceMemory:
    """Memory of one stream."""

    tracker: PersonTracker
    identities: IdentityMemory = field(default_factory=IdentityMemory)


class FacePerceiver(
    TwoSteps[CameraImage, Faces, FaceMemory, RecognisedFaces],
    Perceiver[Settings, CameraImage, FaceMemory, RecognisedFaces],
):
    """Detects, tracks and names faces; what is known of people is in `known`."""

    def __init__(
        self, settings: Settings, sessions: zoo.Sessions, warn: Warn, ids: Iterator[str] | None = None
    ) -> None:
        super().__init__(settings)
        self._warn = warn
        detector, embedder = (settings.open(model, sessions) for model in (settings.model, settings.embedder))
        self._detector, self._embedder = FaceDetector(detector), FaceEmbedder(embedder)
        self._identifier = FaceIdentifier(self._embedder)
        enroller = Enroller(self._detector, self._embedder)
        path = Path(settings.gallery).expanduser() if settings.gallery else default_gallery()
        folder = GalleryFolder(path, fingerprint(settings.embedder, embedder), self._embedder.dimensions)
        self.known = KnownFaces(folder, enroller.synchronise(folder, warn), enroller, self._embedder)
        for line in look_alikes(self.known.gallery):
            warn(line)
        for session in (detector, embedder):
            session.warm_up()
        self._ids = ids or new_ids()
        load_library()
        self.adopt(settings)

    def __call__(
        self, seen: CameraImage | Image | Pixels, memory: FaceMemory | None = None, stamp: float = 0.0
    ) -> RecognisedFaces:
        """Perceive one image; without a memory, by itself.

        Args:
            seen: an image with or without its camera, or (H, W, 3) uint8 BGR as OpenCV reads it.
            memory: of its stream.
            stamp: seconds.
        """
        return super().__call__(seen if isinstance(seen, CameraImage) else CameraImage(as_image(seen)), memory, stamp)

    def kinds(self) -> Kinds:
        return {
            FaceMemory: {},
            IdentityMemory: {"gallery": lambda: None},
            Evidence: {},
            Compared: {},
            **tracker_kinds(),
        }

    def new_memory(self) -> FaceMemory:
        return FaceMemory(PersonTracker(self._ids))

    def parts(self, memory: FaceMemory) -> object:
        """A memory in which nobody can be recognised: embeddings of people who never agreed are nowhere written."""
        if any(evidence.embeddings for evidence in memory.identities.tracks.values()):
            raise NotAValue("embeddings of the people in view are not written; when they have left, it can be")
        return memory, given(self._ids), memory.identities.gallery is self.known.gallery

    def whole(self, parts: object) -> FaceMemory:
        match parts:
            case (FaceMemory() as memory, int(last), bool(compared)):
                resume_ids(memory.tracker, self._ids, last)
                if compared:  # with what is in the gallery; else it is done again
                    memory.identities.gallery = self.known.gallery
                return memory
        raise NotAValue("it is no memory of faces")

    def adopt(self, settings: Settings) -> None:
        self._detector.score_threshold = settings.score_threshold
        self._detector.iou_threshold = settings.iou_threshold
        self._detector.tile_size = settings.tile_size
        self._detector.border = settings.border

    def perceive(self, moments: Sequence[Moment[CameraImage, FaceMemory]]) -> Iterable[RecognisedFaces]:
        try:
            self.known.refresh()
        except GalleryError as error:
            self._warn(str(error))
        return super().perceive(moments)

    def look(self, inputs: Sequence[CameraImage]) -> Sequence[Faces]:
        return self._detector([each.image for each in inputs])

    def answer(self, moment: Moment[CameraImage, FaceMemory], seen: Faces) -> RecognisedFaces:
        image, memory = moment.input.image, moment.memory
        angles = head_poses(seen, moment.input.camera or PinholeCamera.assumed(image.width, image.height))
        tracks = memory.tracker.update(seen.detections, moment.stamp)
        sighting = TrackedFaces(image, seen, angles, tracks, memory.tracker.alive)
        self.known.offer(sighting)
        return RecognisedFaces(seen, tracks, angles, self._identify(memory, sighting))

    def _identify(self, memory: FaceMemory, seen: TrackedFaces) -> Sequence[Identity]:
        if not self.settings.identify:
            memory.identities = IdentityMemory()
            return [Identity()] * len(seen.tracks)
        gallery = self.known.gallery
        return self._identifier(memory.identities, gallery, self.settings.distance_threshold or gallery.threshold, seen)


def build(
    settings: Settings = Settings(),
    sessions: zoo.Sessions = zoo.session,
    warn: Warn = warnings.warn,
    ids: Iterator[str] | None = None,
) -> FacePerceiver:
    """A perceiver of faces, which knows the people of a gallery.

    Args:
        settings: what is wanted.
        sessions: open models by name.
        warn: is told what a user should know, such as of images of the gallery that cannot be used.
        ids: of new tracks, for results that can be had again; else those of `new_ids`.

    Raises:
        ValueError: a setting has a value that is not allowed.
        ZooError, EngineError: a model cannot be had or loaded.
        GalleryError: the gallery cannot be read, or was made with another model.
    """
    values.check(settings)
    return FacePerceiver(settings, sessions, warn, ids)
