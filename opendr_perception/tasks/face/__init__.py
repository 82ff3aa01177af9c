"""Faces: detection, head pose, embedding, identity, and the gallery of enrolled people."""

from opendr_perception.tasks.face.detection import FaceDetector, Faces
from opendr_perception.tasks.face.embedding import DIMENSIONS, FaceEmbedder, head_poses, view
from opendr_perception.tasks.face.enrolment import Enroller, Sample, default_gallery, enrol, fingerprint, read_picture
from opendr_perception.tasks.face.gallery import THRESHOLD, Gallery, GalleryError, check_name
from opendr_perception.tasks.face.gallery_check import closest_pairs, farthest_own, look_alikes, propose_threshold
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
from opendr_perception.tasks.face.identity import FEWEST, FaceIdentifier, Identity, IdentityMemory, Sighting
from opendr_perception.tasks.face.identity_decision import compare, relative, who
from opendr_perception.tasks.face.live_enrolment import LiveEnrolment
from opendr_perception.tasks.face.quality import TO_DECIDE

__all__ = [
    "ALIGNED",
    "DIMENSIONS",
    "EXPRESSION",
    "EXPRESSION_MARGIN",
    "FEWEST",
    "TEMPLATE",
    "THRESHOLD",
    "TO_DECIDE",
    "Enroller",
    "FaceDetector",
    "FaceEmbedder",
    "FaceIdentifier",
    "Faces",
    "Gallery",
    "GalleryError",
    "GalleryFolder",
    "Identity",
    "IdentityMemory",
    "LiveEnrolment",
    "Sample",
    "Sighting",
    "align",
    "check_name",
    "closest_pairs",
    "compare",
    "default_gallery",
    "enrol",
    "expression_crop",
    "farthest_own",
    "fingerprint",
    "geometry",
    "head_pose",
    "head_poses",
    "look_alikes",
    "propose_threshold",
    "read_picture",
    "relative",
    "similarity",
    "view",
    "who",
]
