"""Gallery of faces, and the rules of names."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from opendr_perception.tasks.face.gallery import Gallery, GalleryError, check_name, is_name

MODEL = "face-embedding 0123456789abcdef"


def points(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, (count, 128)).astype(np.float32)


def filled(**people: int) -> Gallery:
    gallery = Gallery(MODEL)
    for seed, (name, count) in enumerate(people.items()):
        gallery = gallery.with_samples(name, [f"{name}/{k}.png" for k in range(count)], points(count, seed))
    return gallery


def test_distances_are_those_to_the_nearest_sample_of_each_person() -> None:
    gallery = filled(Zoe=2, Ann=3, Bob=1)
    assert gallery.people == ("Ann", "Bob", "Zoe")
    query = points(1, 9)[0]
    expected = [np.linalg.norm(gallery.samples(name) - query, axis=1).min() for name in gallery.people]
    np.testing.assert_allclose(gallery.distances(query), expected, rtol=1e-4)
    assert gallery.distances(gallery.samples("Bob")[0])[1] == pytest.approx(0, abs=1e-3)
    assert filled().distances(query).shape == (0,)


def test_galleries_that_say_what_none_says_are_refused() -> None:
    for changed in (
        {"threshold": 1e9},
        {"threshold": float("nan")},
        {"names": ("Ann", "Bob", "Ann")},
        {"names": ("Ann", "Ann")},
        {"digests": ("x",)},
        {"embeddings": points(3)[:, :0]},
        {"embeddings": points(3).ravel()},
        {"embeddings": np.full((3, 128), np.inf, np.float32)},
    ):
        fields = {"names": ("Ann", "Ann", "Bob"), "images": ("a", "b", "c"), "embeddings": points(3), **changed}
        with pytest.raises(ValueError, match=r"together|finite"):
            Gallery(MODEL, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    ["Ann", "Ann-Marie O'Hara Jr", "Zoë", "王小明", "x", "user_7", "a" * 64, "नेहा", "Anna, PhD", "Ann (2)", "จันทร์"],
)
def test_names_of_people_are_names(name: str) -> None:
    assert check_name(name) == name


def test_a_name_is_the_same_in_whatever_way_it_is_typed() -> None:
    assert check_name(unicodedata.normalize("NFD", "José")) == unicodedata.normalize("NFC", "José")


@pytest.mark.parametrize("name", ["embeddings.npz", "Embeddings.NPZ", "changes.log", "changes.log.1", ".lock"])
def test_names_of_the_gallerys_own_files_are_refused(name: str) -> None:
    with pytest.raises(GalleryError, match=r"cannot be a name: .*embeddings\.npz"):
        check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "a/b",
        "a\\b",
        "a\0b",
        ".a",
        "a.",
        "-a",
        "a\n",
        "a" * 65,
        "王" * 70,
        "x\u200bx",
        "\u202eevil",
        "a ",
        " a",
        "\udce9",
        "\u0301",
        "a:b",
        "a*",
    ],
)
def test_what_could_leave_the_folder_or_deceive_is_no_name(name: str) -> None:
    assert not is_name(name)
