"""Good views of one face, collected while a camera runs."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.face.detection import FaceDetector, Faces
from opendr_perception.tasks.face.embedding import FaceEmbedder
from opendr_perception.tasks.face.gallery import GalleryError
from opendr_perception.tasks.face.identity import TrackedFaces
from opendr_perception.tasks.face.live_enrolment import LiveEnrolment
from opendr_perception.tasks.imaging.image import Image


@pytest.fixture(scope="module")
def embedder(models: dict[str, zoo.ModelFile]) -> FaceEmbedder:
    return FaceEmbedder(Session(models["face-embedding"].path, threads=1))


@pytest.fixture(scope="module")
def portrait(models: dict[str, zoo.ModelFile], astronaut: np.ndarray) -> tuple[Image, Faces]:
    image = Image(astronaut, "bgr8")
    return image, FaceDetector(Session(models["blazeface"].path, threads=1))([image])[0]


def seen(portrait: tuple[Image, Faces], *tracks: str, yaw: float = 0.0) -> TrackedFaces:
    image, faces = portrait
    count = len(tracks)
    return TrackedFaces(image, faces[np.zeros(count, int)], np.full((count, 3), [yaw, 0, 0]), tracks, frozenset(tracks))


def test_good_views_of_the_only_face_are_taken_until_there_are_enough(
    portrait: tuple[Image, Faces], embedder: FaceEmbedder
) -> None:
    live = LiveEnrolment("", 2)
    for sighting in (seen(portrait), seen(portrait, ""), seen(portrait, "3"), seen(portrait, "3", yaw=1.0)):
        live.offer(sighting)
    live.offer(seen(portrait, "4", "3"))  # by now it is known which one is meant
    live.offer(seen(portrait, "3"))
    samples = live.wait(10, embedder)
    assert len(samples) == 2
    assert np.linalg.norm(samples[0].embedding - samples[1].embedding) < 1e-3
    assert samples[0].image.startswith(b"\x89PNG")


def test_a_wait_in_vain_ends_with_the_reason(portrait: tuple[Image, Faces], embedder: FaceEmbedder) -> None:
    for tracks, yaw, reason in [
        (("3",), 1.0, "only 0 of 2 good views came within 0.01 s; the last image: the face is turned away"),
        (("3",), 0.0, "only 1 of 2 .* the last image: good"),
        ((), 0.0, "no tracked face is in view"),
        (("3", "4"), 0.0, "there are 2 faces in view"),
    ]:
        live = LiveEnrolment("", 2)
        live.offer(seen(portrait, *tracks, yaw=yaw))
        with pytest.raises(GalleryError, match=reason):
            live.wait(0.01, embedder)
    stopped = LiveEnrolment("5", 2)
    stopped.offer(seen(portrait, "3"))
    stopped.fail("the node is deactivated")
    with pytest.raises(GalleryError, match="deactivated"):
        stopped.wait(10, embedder)
