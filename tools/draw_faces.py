"""Draw docs/images/astronaut.jpg: what face_recognition says of a portrait whose person is enrolled.

python tools/draw_faces.py
"""

from __future__ import annotations

from pathlib import Path

import cv2

from opendr_perception import zoo
from opendr_perception.tasks.drawing import draw_faces
from opendr_perception.tasks.face import (
    FEWEST,
    FaceDetector,
    FaceEmbedder,
    FaceIdentifier,
    Gallery,
    IdentityMemory,
    RecognisedFaces,
    TrackedFaces,
    head_poses,
    read_sample,
    view,
)
from opendr_perception.tasks.imaging import Image, PinholeCamera, crop_resize, to_bgr

TARGET = Path(__file__).parents[1] / "docs" / "images" / "astronaut.jpg"
NAME = "Eileen Collins"


def main() -> None:
    zoo.fetch(["blazeface", "face-embedding", "astronaut.png"])
    image = read_sample(zoo.sample("astronaut.png"))
    detector = FaceDetector(zoo.session("blazeface"))
    embedder = FaceEmbedder(zoo.session("face-embedding"))

    # Enrolled from a smaller image: the distance to the very same pixels would be 0.
    small = Image(crop_resize(image, (0, 0, 512, 512), (280, 280))[0], "bgr8")
    [faces] = detector([small])
    pose = head_poses(faces, PinholeCamera.assumed(small.width, small.height))[0]
    embedding = embedder([view(small, faces, 0, pose).aligned])
    gallery = Gallery("for this image").with_samples(NAME, ["small"], embedding)

    [faces] = detector([image])
    poses = head_poses(faces, PinholeCamera.assumed(image.width, image.height))
    seen = TrackedFaces(image, faces, poses, ["1"], frozenset(["1"]))
    identifier, memory = FaceIdentifier(embedder), IdentityMemory()
    identities = [identifier(memory, gallery, gallery.threshold, seen) for _ in range(FEWEST)][-1]
    canvas = to_bgr(image)
    draw_faces(canvas, RecognisedFaces(faces, ["1"], poses, identities))
    cv2.imwrite(str(TARGET), canvas[:320, 60:400], [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
