"""From images to samples: what may be enrolled, and what a gallery says about itself."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.face.detection import FaceDetector
from opendr_perception.tasks.face.embedding import FaceEmbedder
from opendr_perception.tasks.face.enrolment import (
    Enroller,
    Sample,
    default_gallery,
    encode_sample,
    enrol,
    fingerprint,
    read_sample,
)
from opendr_perception.tasks.face.formats import DIMENSIONS
from opendr_perception.tasks.face.gallery import (
    THRESHOLD,
    Gallery,
    GalleryError,
    closest_pairs,
    farthest_own,
    propose_threshold,
)
from opendr_perception.tasks.face.gallery_folder import GalleryFolder
from opendr_perception.tasks.face.identity.decision import look_alikes
from opendr_perception.tasks.imaging.image import Image


@pytest.fixture(scope="module")
def session(models: dict[str, zoo.ModelFile]) -> Session:
    return Session(models["face-embedding"].path, threads=1)


@pytest.fixture(scope="module")
def enroller(models: dict[str, zoo.ModelFile], session: Session) -> Enroller:
    return Enroller(FaceDetector(Session(models["blazeface"].path, threads=1)), FaceEmbedder(session))


@pytest.fixture
def folder(tmp_path: Path, session: Session) -> GalleryFolder:
    return GalleryFolder(tmp_path / "gallery", fingerprint("face-embedding", session))


def at(*places: float) -> np.ndarray:
    points = np.zeros((len(places), DIMENSIONS), np.float32)
    points[:, 0] = places
    return points


def samples(*places: float) -> list[Sample]:
    return [Sample(point, b"png") for point in at(*places)]


def test_what_is_stored_shows_the_face_and_gives_the_same_embedding(
    enroller: Enroller, folder: GalleryFolder, astronaut: np.ndarray
) -> None:
    sample = enroller.sample(Image(astronaut, "bgr8"))
    kept = cv2.imdecode(np.frombuffer(sample.image, np.uint8), cv2.IMREAD_COLOR)
    assert max(kept.shape) < 220, "little of what is around"
    again = enroller.sample(Image(kept, "bgr8"), strict=False)
    assert np.linalg.norm(again.embedding - sample.embedding) < 0.2

    gallery = enrol(folder, "Ann", [sample])
    assert folder.read().images == gallery.images
    rebuilt = enroller.synchronise(folder, pytest.fail, anew=True)
    assert rebuilt.names == ("Ann",)


def test_folders_of_images_are_taken_in(enroller: Enroller, folder: GalleryFolder, astronaut: np.ndarray) -> None:
    for place, image in {
        "Ann/portrait.png": astronaut,
        "Ann/smaller.jpg": cv2.resize(astronaut, (300, 300)),
        "Bob/nobody.png": np.full((100, 100, 3), 90, np.uint8),
    }.items():
        (folder.path / place).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder.path / place), image)
    (folder.path / "Bob" / "text.png").write_text("not an image")
    warnings: list[str] = []
    gallery = enroller.synchronise(folder, warnings.append)
    assert gallery.images == ("Ann/portrait.png", "Ann/smaller.jpg")
    assert len(warnings) == 2
    assert "nobody.png is left out: there is no face in it" in warnings[0]
    assert warnings[1].endswith("text.png is left out: it is none of JPEG, PNG, BMP and WebP")

    (folder.path / "Ann" / "portrait.png").unlink()
    assert enroller.synchronise(folder, warnings.append).images == ("Ann/smaller.jpg",)
    assert folder.read().images == ("Ann/smaller.jpg",)


def test_an_image_that_is_replaced_under_its_name_is_embedded_anew(
    enroller: Enroller, folder: GalleryFolder, astronaut: np.ndarray
) -> None:
    place = folder.path / "Ann" / "1.png"
    place.parent.mkdir(parents=True)
    cv2.imwrite(str(place), astronaut)
    first = enroller.synchronise(folder, lambda text: None)
    assert enroller.synchronise(folder, pytest.fail) is not first
    status = place.stat()
    cv2.imwrite(str(place), cv2.convertScaleAbs(astronaut, alpha=0.5))
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
    second = enroller.synchronise(folder, pytest.fail)
    assert second.names == ("Ann",)
    assert np.linalg.norm(first.embeddings - second.embeddings) > 0.01

    cv2.imwrite(str(place), np.hstack([astronaut, astronaut]))
    warnings: list[str] = []
    assert enroller.synchronise(folder, warnings.append).names == ()
    assert folder.read().names == ()
    assert "1.png is left out: there are 2 faces in it" in warnings[0]


def test_an_image_that_claims_to_be_huge_is_named_and_keeps_nobody_out(
    enroller: Enroller, folder: GalleryFolder, astronaut: np.ndarray
) -> None:
    (folder.path / "Ann").mkdir(parents=True)
    cv2.imwrite(str(folder.path / "Ann" / "a.png"), astronaut)
    header = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + (40000).to_bytes(4, "big") * 2 + b"\x08\2\0\0\0\xd5\x1f\x0c\x9e"
    (folder.path / "Ann" / "b.png").write_bytes(header)
    warnings: list[str] = []
    assert enroller.synchronise(folder, warnings.append).images == ("Ann/a.png",)
    (warning,) = warnings
    assert "b.png is left out" in warning


def test_a_folder_that_cannot_be_written_is_still_used(
    enroller: Enroller, folder: GalleryFolder, astronaut: np.ndarray
) -> None:
    (folder.path / "Ann").mkdir(parents=True)
    cv2.imwrite(str(folder.path / "Ann" / "a.png"), astronaut)
    (folder.path / ".lock").mkdir()  # nobody can open it for writing, as on a read-only disk
    warnings: list[str] = []
    assert enroller.synchronise(folder, warnings.append).people == ("Ann",)
    assert "cannot be changed" in warnings[0]
    with pytest.raises(GalleryError, match="cannot be changed"):
        enrol(folder, "Bob", samples(3.0))


def test_nobody_gets_two_names_and_no_name_two_people(folder: GalleryFolder) -> None:
    assert enrol(folder, "Ann", samples(0.0, 0.1)).people == ("Ann",)
    for name, places, complaint in [
        ("Bob", (2.0, 2.1, 3.0), "images 1 and 3 do not show one person"),
        ("Bob", (2.0, 0.3), "do not show one person"),
        ("Bob", (0.3,), "enrolled already, as 'Ann'"),
        ("Ann", (2.0,), "'Ann' is enrolled already, with another face"),
        ("..", (2.0,), "cannot be a name"),
        ("Bob", (), "no image to enrol from"),
    ]:
        with pytest.raises(GalleryError, match=complaint):
            enrol(folder, name, samples(*places))
    assert len(enrol(folder, "Ann", samples(0.2)).names) == 3
    assert enrol(folder, "Bob", samples(2.0)).people == ("Ann", "Bob")
    assert len(list(folder.path.rglob("*.png"))) == 4


def test_check_tells_who_is_hard_to_tell_apart() -> None:
    gallery = Gallery("test")
    for name, places in {"Ann": (0.0, 0.1), "Bob": (0.5, 0.8), "Cid": (3.0,)}.items():
        gallery = gallery.with_samples(name, [f"{name}/{k}" for k in places], at(*places))
    first, second = closest_pairs(gallery, 2)
    assert (first.first, first.second, first.distance) == ("Ann", "Bob", pytest.approx(0.4, abs=1e-3))
    assert (second.first, second.second) == ("Bob", "Cid")
    assert [pair.first for pair in farthest_own(gallery)] == ["Bob", "Ann"]
    assert propose_threshold(gallery) == pytest.approx((0.3 + 0.4) / 2, abs=1e-3)
    assert propose_threshold(Gallery("test")) == THRESHOLD
    far = Gallery("test").with_samples("Ann", ["a"], at(0.0)).with_samples("Bob", ["b"], at(3.0))
    assert propose_threshold(far) == THRESHOLD


def test_faces_at_the_border_of_an_image_are_kept_whole_as_far_as_they_go(astronaut: np.ndarray) -> None:
    kept = cv2.imdecode(
        np.frombuffer(encode_sample(Image(astronaut, "bgr8"), np.array([-10.0, 0, 90, 100])), np.uint8),
        cv2.IMREAD_COLOR,
    )
    assert kept.shape == (200, 200, 3)
    assert not kept[:, :40].any()


def test_images_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match=r"missing\.png is not an image"):
        read_sample(tmp_path / "missing.png")


def test_the_users_gallery_is_where_data_are_kept() -> None:
    assert default_gallery({"XDG_DATA_HOME": "/data"}) == Path("/data/opendr_perception/gallery")
    assert default_gallery({}).parts[-4:] == (".local", "share", "opendr_perception", "gallery")


def test_who_looks_like_somebody_is_enrolled_and_both_are_named_with_the_remedy(folder: GalleryFolder) -> None:
    enrol(folder, "Ann", samples(0.0))
    gallery = enrol(folder, "Bea", samples(0.4))
    gallery = enrol(folder, "Cem", samples(2.0))
    [line] = look_alikes(gallery)
    assert "'Ann' and 'Bea' look alike (distance 0.40): each is only known nearer than 0.34" in line
    assert "add images" in line
    assert look_alikes(gallery, "Bea") == [line]
    assert look_alikes(gallery, "Cem") == look_alikes(Gallery("test")) == []
