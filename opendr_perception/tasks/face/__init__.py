"""Faces: detection, head pose, embedding, identity, and the gallery of enrolled people."""

from opendr_perception.tasks.face.build import CameraImage, FaceMemory, FacePerceiver, RecognisedFaces, Settings, build
from opendr_perception.tasks.face.detection import LANDMARKS, FaceDetector, Faces
from opendr_perception.tasks.face.embedding import DIMENSIONS, FaceEmbedder, head_poses, view
from opendr_perception.tasks.face.enrolment import Enroller, Sample, default_gallery, enrol, fingerprint, read_sample
from opendr_perception.tasks.face.gallery import (
    THRESHOLD,
    Gallery,
    GalleryError,
    check_name,
    closest_pairs,
    farthest_own,
    propose_threshold,
)
from opendr_perception.tasks.face.gallery_folder import GalleryFolder
from opendr_perception.tasks.face.geometry import (
    ALIGNED,
    EXPRESSION,
    EXPRESSION_MARGIN,
    TEMPLATE,
    align,
    expression_crop,
    head_pose,
    similarity,
)
from opendr_perception.tasks.face.identity import (
    FEWEST,
    FaceIdentifier,
    Identity,
    IdentityMemory,
    TrackedFaces,
    compare,
    look_alikes,
    relative,
    who,
)
from opendr_perception.tasks.face.live_enrolment import KnownFaces
from opendr_perception.tasks.face.quality import TO_DECIDE

__all__ = [
    "ALIGNED",
    "DIMENSIONS",
    "EXPRESSION",
    "EXPRESSION_MARGIN",
    "FEWEST",
    "LANDMARKS",
    "TEMPLATE",
    "THRESHOLD",
    "TO_DECIDE",
    "CameraImage",
    "Enroller",
    "FaceDetector",
    "FaceEmbedder",
    "FaceIdentifier",
    "FaceMemory",
    "FacePerceiver",
    "Faces",
    "Gallery",
    "GalleryError",
    "GalleryFolder",
    "Identity",
    "IdentityMemory",
    "KnownFaces",
    "RecognisedFaces",
    "Sample",
    "Settings",
    "TrackedFaces",
    "align",
    "build",
    "check_name",
    "closest_pairs",
    "compare",
    "default_gallery",
    "detection",
    "embedding",
    "enrol",
    "expression_crop",
    "farthest_own",
    "fingerprint",
    "gallery",
    "geometry",
    "head_pose",
    "head_poses",
    "kinds",
    "look_alikes",
    "propose_threshold",
    "quality",
    "read_sample",
    "relative",
    "similarity",
    "view",
    "who",
]
