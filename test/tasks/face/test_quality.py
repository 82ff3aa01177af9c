"""Views that are small, blurred, turned away or hardly a face do not pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.face.detection import FaceDetector
from opendr_perception.tasks.face.embedding import FaceEmbedder, view
from opendr_perception.tasks.face.geometry import align
from opendr_perception.tasks.face.quality import BLURRED, TO_DECIDE, TO_ENROL, Quality, blockiness, contrast, sharpness
from opendr_perception.tasks.imaging.image import Image

GOOD = Quality(score=0.9, width=100, sharpness=0.1, yaw=0.1, pitch=-0.1, contrast=120, blockiness=1.1)


@pytest.mark.parametrize("gate", [TO_DECIDE, TO_ENROL])
def test_each_fault_is_named(gate: object) -> None:
    assert TO_DECIDE.problem(GOOD) == TO_ENROL.problem(GOOD) == ""
    for fault, complaint in [
        ({"width": 20}, "too small: 20 of"),
        ({"sharpness": 0.001}, "blurred"),
        ({"yaw": -1.0}, "turned away: yaw -57"),
        ({"pitch": 0.8}, "turned away"),
        ({"yaw": np.nan}, "turned away"),
        ({"score": 0.5}, "hardly a face"),
    ]:
        assert complaint in gate.problem(replace(GOOD, **fault))  # type: ignore[attr-defined, arg-type]


def test_who_may_be_enrolled_may_be_recognised() -> None:
    assert (TO_ENROL.score, TO_ENROL.width, TO_ENROL.sharpness) >= (
        TO_DECIDE.score,
        TO_DECIDE.width,
        TO_DECIDE.sharpness,
    )
    assert (TO_ENROL.yaw, TO_ENROL.pitch) <= (TO_DECIDE.yaw, TO_DECIDE.pitch)


def test_sharpness_falls_with_blur_and_not_with_light(models: dict[str, zoo.ModelFile], astronaut: np.ndarray) -> None:
    [faces] = FaceDetector(Session(models["blazeface"].path, threads=1))([Image(astronaut, "bgr8")])

    def of(image: np.ndarray) -> float:
        return sharpness(align(Image(image, "bgr8"), faces.landmarks[0]))

    blurred = [of(cv2.GaussianBlur(astronaut, (0, 0), sigma)) for sigma in (0.5, 1, 2, 4, 8)]
    assert blurred == sorted(blurred, reverse=True)
    assert of(astronaut) > TO_ENROL.sharpness > blurred[3]
    assert of(astronaut // 2) == pytest.approx(of(astronaut), rel=0.2)
    assert sharpness(np.full((150, 150, 3), 90, np.uint8)) == 0


def test_a_blurred_face_is_sharpened_before_it_is_embedded(
    models: dict[str, zoo.ModelFile], astronaut: np.ndarray
) -> None:
    detector = FaceDetector(Session(models["blazeface"].path, threads=1))
    embed = FaceEmbedder(Session(models["face-embedding"].path, threads=1))
    images = [Image(pixels, "bgr8") for pixels in (astronaut, cv2.GaussianBlur(astronaut, (0, 0), 3.0))]
    found = [detector([image])[0] for image in images]
    sharp, blurred = (view(image, faces, 0, np.zeros(3)) for image, faces in zip(images, found, strict=True))
    assert blurred.quality.sharpness < BLURRED < sharp.quality.sharpness
    assert sharpness(blurred.aligned) > 1.5 * blurred.quality.sharpness
    assert sharpness(sharp.aligned) == sharp.quality.sharpness, "a sharp face stays as it is"
    soft = align(images[1], found[1].landmarks[0])
    own, raised, left = embed([sharp.aligned, blurred.aligned, soft])
    assert np.linalg.norm(own - raised) < np.linalg.norm(own - left)


@pytest.mark.parametrize(("fault", "complaint"), [({"contrast": 9}, "too dark"), ({"blockiness": 3.0}, "too coarse")])
def test_what_is_dark_or_coarse_may_be_recognised_but_not_enrolled(fault: dict[str, float], complaint: str) -> None:
    assert complaint in TO_ENROL.problem(replace(GOOD, **fault))
    assert TO_DECIDE.problem(replace(GOOD, **fault)) == ""


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_COLOR)


def complaints(detector: FaceDetector, pixels: np.ndarray) -> str:
    """Reason that keeps a face whose head looks ahead from being enrolled."""
    image = Image(np.ascontiguousarray(pixels), "bgr8")
    [faces] = detector([image])
    return TO_ENROL.problem(view(image, faces, 0, np.zeros(3)).quality) if len(faces) else "no face"


@pytest.fixture(scope="module")
def detector(models: dict[str, zoo.ModelFile]) -> FaceDetector:
    return FaceDetector(Session(models["blazeface"].path, threads=1))


def test_a_portrait_is_enrolled_unless_it_is_nearly_black_or_compressed_to_blocks(
    detector: FaceDetector, astronaut: np.ndarray
) -> None:
    for good in (astronaut, astronaut // 2, jpeg(astronaut, 90), jpeg(astronaut, 50), jpeg(astronaut[5:, 3:], 30)):
        assert complaints(detector, good) == ""
    assert "too dark" in complaints(detector, astronaut // 16)  # 12 bits in a file of 16
    assert "too coarse" in complaints(detector, jpeg(astronaut, 5))
    assert "too coarse" in complaints(detector, jpeg(astronaut, 5)[3:, 5:])


def test_blocks_are_found_wherever_they_begin_and_nowhere_else() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (100, 120), dtype=np.uint8)
    blocks = np.kron(noise[:12, :14], np.ones((8, 8), np.uint8))
    assert blockiness(blocks[3:, 5:]) > 20
    assert blockiness(noise) < 1.3
    assert blockiness(np.full((100, 100), 90, np.uint8)) == 0
    assert blockiness(blocks[:20, :20]) == 1.0, "too little to tell"


def test_contrast_falls_with_light() -> None:
    ramp = np.repeat(np.linspace(0, 255, 150, dtype=np.uint8)[None, :, None], 150, axis=0).repeat(3, axis=2)
    assert contrast(ramp) == pytest.approx(4 * contrast(ramp // 4), rel=0.1)


DATA = next((up / "shared" / "data" for up in Path(__file__).parents if (up / "shared" / "data").is_dir()), None)


@pytest.mark.skipif(DATA is None, reason="no folder shared/data with the Yale faces above the repository")
def test_real_faces_in_hard_light_are_not_refused_as_dark_or_coarse(detector: FaceDetector) -> None:
    assert DATA is not None
    faces = np.load(DATA / "yalefaces" / "yale.npz")["images"][::5]
    found = [complaints(detector, cv2.cvtColor(face, cv2.COLOR_GRAY2BGR)) for face in faces]
    assert not [complaint for complaint in found if "dark" in complaint or "coarse" in complaint]
    assert found.count("") > 0.8 * len(found)
