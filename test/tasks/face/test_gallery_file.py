"""The file of a gallery: what was written is read, and whatever else is refused."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from opendr_perception.tasks.face import gallery_file
from opendr_perception.tasks.face.gallery import Gallery
from opendr_perception.tasks.face.gallery_file import parse, serialise


def points(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, (count, 128)).astype(np.float32)


def gallery() -> Gallery:
    two = Gallery("m 0").with_samples("Ann", ["Ann/0.png", "Ann/1.png"], points(2), ["d0", "d1"])
    return two.with_samples("Bob", ["Bob/0.png"], points(1))


def raw(**changed: object) -> bytes:
    buffer = io.BytesIO()
    fields: dict[str, object] = {"version": 2, "model": "m 0", "metric": "euclidean", "threshold": 0.4}
    fields |= {"names": np.array(["Ann", "Bob"]), "pictures": np.array(["Ann/0.png", "Bob/0.png"])}
    fields |= {"digests": np.array(["", ""]), "embeddings": points(2)}
    np.savez(buffer, **{**fields, **changed})  # type: ignore[arg-type]
    return buffer.getvalue()


def test_what_was_written_is_read() -> None:
    one, two = gallery(), parse(serialise(gallery()))
    assert (one.names, one.images, one.digests) == (two.names, two.images, two.digests)
    np.testing.assert_array_equal(one.embeddings, two.embeddings)
    assert parse(serialise(Gallery("m 0"))).people == ()


def test_a_file_of_the_first_version_is_read_with_unknown_hashes() -> None:
    found = parse(raw(version=1))
    assert (found.people, found.digests) == (("Ann", "Bob"), ("", ""))


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"threshold": 1e9}, "threshold"),
        ({"threshold": np.array([0.4, 0.4])}, "scalar|0-dim|size-1"),
        ({"names": np.array(["../../etc", "Bob"]), "pictures": np.array(["../../etc/0.png", "Bob/0.png"])}, "no image"),
        ({"pictures": np.array(["Ann/../x.png", "Bob/0.png"])}, "no image"),
        ({"pictures": np.array(["Bob/1.png", "Bob/0.png"])}, "no image"),
        ({"pictures": np.array(["/etc/passwd", "Bob/0.png"])}, "no image"),
        ({"names": np.array(["Bob", "Bob"]), "pictures": np.array(["Bob/0.png"] * 2)}, "named twice"),
        ({"names": np.array([b"Ann", b"Bob"])}, "dtype"),
        ({"names": np.array([["Ann", "Bob"]])}, "shape"),
        ({"names": np.array([{"a": 1}, "Bob"], object)}, "no file of arrays"),
        ({"embeddings": points(2).astype(np.float64)}, "float64 instead of float32"),
        ({"embeddings": np.zeros((2, 128), complex)}, "complex128"),
        ({"embeddings": np.full((2, 128), np.nan, np.float32)}, "finite"),
        ({"embeddings": points(2)[:, :0]}, "together"),
    ],
)
def test_files_that_say_what_no_gallery_says_are_refused(changed: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(raw(**changed))


def test_people_who_do_not_stand_together_are_refused() -> None:
    images = ["Ann/0.png", "Bob/0.png", "Ann/1.png"]
    content = raw(
        names=np.array(["Ann", "Bob", "Ann"]),
        pictures=np.array(images),
        digests=np.array([""] * 3),
        embeddings=points(3),
    )
    with pytest.raises(ValueError, match="do not stand together"):
        parse(content)


def test_whatever_broken_bytes_lead_to_is_a_value_error() -> None:
    whole = serialise(gallery())
    random = np.random.default_rng(1)
    refused = 0
    for _ in range(1500):
        content = bytearray(whole)
        content[random.integers(len(content))] ^= 1 << random.integers(8)
        try:
            parse(bytes(content))
        except ValueError:
            refused += 1
    assert refused > 1000


def test_an_archive_that_swells_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("embeddings.npy", "w", force_zip64=True) as member,
    ):
        for _ in range(33):
            member.write(bytes(1 << 20))
    monkeypatch.setattr(gallery_file, "LARGEST", 32 << 20)
    with pytest.raises(ValueError, match="larger than any gallery"):
        parse(buffer.getvalue())
