"""Identities belong to tracks: several views decide, and nobody is in two places at once."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.face.detection import FaceDetector, Faces
from opendr_perception.tasks.face.embedding import FaceEmbedder
from opendr_perception.tasks.face.formats import DIMENSIONS, OWN
from opendr_perception.tasks.face.gallery import THRESHOLD, Gallery
from opendr_perception.tasks.face.identity.decision import MIDDLE, USUAL_RIVAL, allowed
from opendr_perception.tasks.face.identity.following import (
    FEWEST,
    SETTLED_KNOWN,
    VIEWS,
    FaceIdentifier,
    IdentityMemory,
    TrackedFaces,
    assign,
)
from opendr_perception.tasks.imaging.image import Image

ANN, BOB, STRANGER = 0.0, 1.0, 5.0
"""Places of people on the first axis of the embedding."""

FAR_FROM_OTHERS = float(allowed(np.array([USUAL_RIVAL]), THRESHOLD)[0])
"""The threshold of somebody who is like nobody else."""


def point(place: float) -> np.ndarray:
    return np.concatenate([[place], np.zeros(DIMENSIONS - 1)]).astype(np.float32)


GALLERY = (
    Gallery("test")
    .with_samples("Ann", ["a", "b"], np.stack([point(ANN), point(ANN - 0.1)]))
    .with_samples("Bob", ["c"], point(BOB)[None])
)


class Scripted(FaceEmbedder):
    """Says what the test wants to be seen, and counts how often it was asked."""

    def __init__(self) -> None:
        self.alignment, self.dimensions = OWN, DIMENSIONS
        self.places: dict[int, float] = {}
        self.batches: list[int] = []

    def __call__(self, aligned: Any) -> np.ndarray:
        self.batches.append(len(aligned))
        return np.array([point(self.places[int(image[75, 75, 0]) // 40]) for image in aligned]).reshape(-1, DIMENSIONS)


@pytest.fixture(scope="module")
def portrait(models: dict[str, zoo.ModelFile], astronaut: np.ndarray) -> Faces:
    [faces] = FaceDetector(Session(models["blazeface"].path, threads=1))([Image(astronaut, "bgr8")])
    return faces


class Scene:
    """Tracks '0', '1', ... of faces that can be seen well; face k is grey of the level 40 k + 20."""

    def __init__(self, portrait: Faces) -> None:
        self.embedder = Scripted()
        self.identify = FaceIdentifier(self.embedder)
        self.memory = IdentityMemory()
        self._portrait = portrait
        self._noise = np.random.default_rng(0).integers(0, 3, (512, 512, 3)).astype(np.uint8)

    def see(self, *places: float, gallery: Gallery = GALLERY, yaw: float = 0.0) -> list[str]:
        return [identity.name for identity in self.look(*places, gallery=gallery, yaw=yaw)]

    def look(self, *places: float, gallery: Gallery = GALLERY, yaw: float = 0.0) -> Any:
        canvas = np.tile(self._noise, (1, max(1, len(places)), 1))
        for k in range(len(places)):
            canvas[:, 512 * k : 512 * (k + 1)] += np.uint8(40 * k + 10)
        self.embedder.places = dict(enumerate(places))
        count = len(places)
        shift = np.arange(count, dtype=np.float32) * 512
        one = self._portrait[np.zeros(count, int)]
        one.detections.boxes[:, [0, 2]] += shift[:, None]
        one.landmarks[..., 0] += shift[:, None]
        tracks = [str(k) for k in range(count)]
        poses = np.tile([yaw, 0, 0], (count, 1))
        seen = TrackedFaces(Image(canvas, "bgr8"), one, poses, tracks, frozenset(tracks))
        return self.identify(self.memory, gallery, THRESHOLD, seen)


@pytest.fixture
def scene(portrait: Faces) -> Scene:
    return Scene(portrait)


def test_a_name_needs_several_views_and_one_bad_view_does_not_change_it(scene: Scene) -> None:
    names = [scene.see(place)[0] for place in [ANN] * FEWEST]
    assert names == [""] * (FEWEST - 1) + ["Ann"]
    assert scene.see(BOB) == ["Ann"]
    assert scene.see(STRANGER) == ["Ann"]
    assert scene.see(ANN) == ["Ann"]


def test_a_track_that_has_changed_hands_is_noticed(scene: Scene) -> None:
    for _ in range(VIEWS):
        scene.see(ANN)
    names = [scene.see(BOB)[0] for _ in range(SETTLED_KNOWN + VIEWS)]
    assert names[-1] == "Bob"
    assert names == sorted(names)


def test_a_stranger_stays_unknown_but_has_a_distance(scene: Scene) -> None:
    for _ in range(12):
        [identity] = scene.look(BOB + 0.6)
    assert identity.name == ""
    assert identity.distance == pytest.approx(0.6 * MIDDLE)
    assert identity.confidence == pytest.approx(1 - 0.6 * MIDDLE / FAR_FROM_OTHERS, abs=1e-5)


def test_a_stranger_near_somebody_who_has_a_look_alike_is_not_named(scene: Scene) -> None:
    alike = GALLERY.without({"c"}).with_samples("Bea", ["d"], point(ANN + 0.44)[None])
    for _ in range(FEWEST):
        named = scene.see(ANN + 0.22, gallery=alike)
    assert named == [""], "it is 0.22 from both"
    for _ in range(VIEWS):
        named = scene.see(ANN - 0.05, gallery=alike)
    assert named == ["Ann"]


def test_confidence_falls_with_the_distance(scene: Scene) -> None:
    for _ in range(4):
        near, far = scene.look(ANN, BOB + 0.2)
    assert (near.name, near.confidence) == ("Ann", pytest.approx(1))
    assert (far.name, far.confidence) == ("Bob", pytest.approx(1 - 0.2 * MIDDLE / FAR_FROM_OTHERS, abs=1e-3))


def test_two_faces_do_not_get_the_same_name(scene: Scene) -> None:
    for _ in range(5):
        names = scene.see(ANN + 0.2, ANN + 0.1)
    assert names == ["", "Ann"]


def test_the_strongest_claim_comes_first() -> None:
    distances = [np.array([0.4, 0.2]), np.array([1.5, 0.3]), np.array([0.2, 1.8]), np.array([])]
    assert assign(distances) == [1, -1, 0, -1]
    assert assign([np.array([1.0])]) == [-1]
    assert assign([]) == []


def test_faces_that_are_turned_away_decide_nothing(scene: Scene) -> None:
    for _ in range(5):
        [identity] = scene.look(ANN, yaw=1.2)
    assert identity.name == ""
    assert np.isnan(identity.distance)
    assert sum(scene.embedder.batches) == 0


def test_settled_faces_are_looked_at_rarely_and_all_due_faces_in_one_batch(scene: Scene) -> None:
    for _ in range(VIEWS):
        scene.see(ANN, BOB, STRANGER)
    assert scene.embedder.batches == [3] * VIEWS
    for _ in range(30):
        scene.see(ANN, BOB, STRANGER)
    assert 30 / SETTLED_KNOWN * 2 <= sum(scene.embedder.batches[VIEWS:]) <= 12


def test_a_new_gallery_counts_at_once(scene: Scene) -> None:
    for _ in range(VIEWS):
        assert scene.see(ANN, gallery=Gallery("test")) == [""]
    assert scene.see(ANN) == ["Ann"]
    assert scene.see(ANN, gallery=GALLERY.without({"a", "b"})) == [""]


def test_tracks_that_are_over_are_forgotten(scene: Scene) -> None:
    scene.see(ANN, BOB)
    scene.see(ANN)
    assert set(scene.memory.tracks) == {"0"}
    assert scene.see() == []
    assert scene.memory.tracks == {}


def test_faces_without_a_track_get_no_name(scene: Scene, portrait: Faces, astronaut: np.ndarray) -> None:
    seen = TrackedFaces(Image(astronaut, "bgr8"), portrait, np.zeros((1, 3)), [""], frozenset())
    [identity] = scene.identify(scene.memory, GALLERY, THRESHOLD, seen)
    assert identity.name == ""
    assert scene.embedder.batches == [0]


def test_embeddings_of_one_face_are_near_each_other(models: dict[str, zoo.ModelFile], astronaut: np.ndarray) -> None:
    from opendr_perception.tasks.face.geometry import align

    detector = FaceDetector(Session(models["blazeface"].path, threads=1))
    embedder = FaceEmbedder(Session(models["face-embedding"].path, threads=1))
    images = [astronaut, cv2.convertScaleAbs(astronaut, alpha=0.6), cv2.resize(astronaut, (300, 300))]
    aligned = [align(Image(p, "bgr8"), detector([Image(p, "bgr8")])[0].landmarks[0]) for p in images]
    together = embedder(aligned)
    assert np.linalg.norm(together - together[0], axis=1).max() < 0.35
    np.testing.assert_allclose(embedder(aligned[2:])[0], together[2], atol=1e-5)
    assert embedder([]).shape == (0, 128)
