"""The gallery on disk: whole or not there, whatever happens, and nobody comes back who was to be forgotten."""

from __future__ import annotations

import io
import multiprocessing
import signal
import threading
from pathlib import Path

import numpy as np
import pytest

from opendr_perception.tasks import gallery as module
from opendr_perception.tasks.gallery import FILE, THRESHOLD, Gallery, GalleryError, GalleryFolder, check_name, is_name

MODEL = "face-embedding 0123456789abcdef"


def points(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, (count, 128)).astype(np.float32)


def filled(**people: int) -> Gallery:
    gallery = Gallery(MODEL)
    for seed, (name, count) in enumerate(people.items()):
        gallery = gallery.with_samples(name, [f"{name}/{k}.png" for k in range(count)], points(count, seed))
    return gallery


@pytest.fixture
def folder(tmp_path: Path) -> GalleryFolder:
    return GalleryFolder(tmp_path / "gallery", MODEL)


def put(folder: GalleryFolder, gallery: Gallery) -> None:
    with folder.writing():
        for picture in gallery.pictures:
            (folder.path / picture).parent.mkdir(exist_ok=True)
            (folder.path / picture).write_bytes(b"picture")
        folder.write(gallery)


def test_distances_are_those_to_the_nearest_sample_of_each_person() -> None:
    gallery = filled(Zoe=2, Ann=3, Bob=1)
    assert gallery.people == ("Ann", "Bob", "Zoe")
    query = points(1, 9)[0]
    expected = [np.linalg.norm(gallery.samples(name) - query, axis=1).min() for name in gallery.people]
    np.testing.assert_allclose(gallery.distances(query), expected, rtol=1e-4)
    assert gallery.distances(gallery.samples("Bob")[0])[1] == pytest.approx(0, abs=1e-3)
    assert filled().distances(query).shape == (0,)


def test_what_was_written_is_read(folder: GalleryFolder) -> None:
    assert folder.read().people == ()
    assert folder.stamp() == (0, 0)
    gallery = filled(Ann=2, Bob=1)
    put(folder, gallery)
    again = folder.read()
    assert (again.names, again.pictures, again.threshold) == (gallery.names, gallery.pictures, THRESHOLD)
    np.testing.assert_array_equal(again.embeddings, gallery.embeddings)
    stamp = folder.stamp()
    put(folder, gallery.without({"Bob/0.png"}))
    assert folder.stamp() != stamp


def test_forgetting_deletes_pictures_and_embeddings(folder: GalleryFolder) -> None:
    put(folder, filled(Ann=2, Bob=1))
    assert folder.forget("Ann").people == ("Bob",)
    assert folder.read().people == ("Bob",)
    assert sorted(path.name for path in folder.path.rglob("*.png")) == ["0.png"]
    with pytest.raises(GalleryError, match="nobody is enrolled as 'Ann'"):
        folder.forget("Ann")
    with pytest.raises(GalleryError, match="cannot be a name"):
        folder.forget("../gallery")


@pytest.mark.parametrize("name", ["Ann", "Ann-Marie O'Hara Jr", "Zoë", "王小明", "x", "user_7", "a" * 64])
def test_names_of_people_are_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", " ", ".", "..", "a/b", "a\\b", "a\0b", ".a", "a.", "-a", "a\n", "a" * 65, "王" * 70]
)
def test_what_could_leave_the_folder_is_no_name(name: str) -> None:
    assert not is_name(name)


def write_raw(folder: GalleryFolder, **changed: object) -> None:
    fields = {"version": 1, "model": MODEL, "metric": "euclidean", "threshold": 0.4}
    arrays = {"names": np.array(["Ann"]), "pictures": np.array(["Ann/0.png"]), "embeddings": points(1)}
    buffer = io.BytesIO()
    np.savez(buffer, **{**fields, **arrays, **changed})  # type: ignore[arg-type]
    folder.path.mkdir(exist_ok=True)
    (folder.path / FILE).write_bytes(buffer.getvalue())


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"model": "face-embedding ffff"}, "was made with face-embedding ffff, not face-embedding 0123456789abcdef"),
        ({"version": 2}, "format 2 instead of 1"),
        ({"metric": "cosine"}, "metric cosine instead of euclidean"),
        ({"embeddings": points(2)}, "do not belong together"),
        ({"embeddings": np.full((1, 128), np.nan, np.float32)}, "must be finite"),
        ({"names": np.array([{"a": 1}], object)}, "cannot be read"),
    ],
)
def test_files_that_do_not_fit_are_refused_with_the_remedy(
    folder: GalleryFolder, changed: dict[str, object], complaint: str
) -> None:
    write_raw(folder)
    assert folder.read().threshold == 0.4
    write_raw(folder, **changed)
    with pytest.raises(GalleryError, match=complaint) as error:
        folder.read()
    assert f"run: opendr-perception gallery rebuild --gallery {folder.path} --embedder face-embedding" in str(
        error.value
    )


def test_truncated_files_are_refused(folder: GalleryFolder) -> None:
    write_raw(folder)
    content = (folder.path / FILE).read_bytes()
    for size in (0, 1, 100, len(content) // 2, len(content) - 1):
        (folder.path / FILE).write_bytes(content[:size])
        with pytest.raises(GalleryError, match="cannot be read"):
            folder.read()


def write_for_ever(folder: GalleryFolder) -> None:
    for number in range(10**6):
        with folder.writing():
            place = folder.store_picture("Ann", b"x" * 100_000)
            folder.write(folder.read().with_samples("Ann", [place], np.full((1, 128), number, np.float32)))
        if number % 3 == 2:
            folder.forget("Ann")


def test_a_kill_at_any_moment_leaves_a_gallery_that_can_be_read_and_written(folder: GalleryFolder) -> None:
    random = np.random.default_rng(0)
    for delay in random.uniform(0.02, 0.25, 12):
        writer = multiprocessing.get_context("fork").Process(target=write_for_ever, args=(folder,))
        writer.start()
        writer.join(delay)
        writer.kill()
        writer.join()
        assert writer.exitcode == -signal.SIGKILL
        gallery = folder.read()
        assert set(gallery.people) <= {"Ann"}
        with folder.writing():
            folder.write(gallery.without(set(gallery.pictures)))
        assert not list(folder.path.glob(".forgotten*")), "what was to be forgotten is gone"
    assert (folder.path / FILE).exists()


def test_two_writers_take_turns(folder: GalleryFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def add(name: str) -> None:
        for number in range(4):
            with folder.writing():
                folder.write(folder.read().with_samples(name, [f"{name}/{number}.png"], points(1)))

    threads = [threading.Thread(target=add, args=(name,)) for name in ("Ann", "Bob", "Cid")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(folder.read().names) == 12

    monkeypatch.setattr(module, "LOCK_WAIT", 0.1)
    with folder.writing(), pytest.raises(GalleryError, match="another process is changing"), folder.writing():
        pass


def test_a_place_where_no_folder_can_be_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(GalleryError, match="cannot be changed"),
        GalleryFolder(tmp_path / "file" / "x", MODEL).writing(),
    ):
        pass


def test_pictures_are_those_of_folders_that_can_be_names(folder: GalleryFolder) -> None:
    for place in ("Ann/a.JPG", "Ann/b.png", "Ann/notes.txt", "Ann/.c.png", ".forgotten-1/d.png", "e.png"):
        (folder.path / place).parent.mkdir(parents=True, exist_ok=True)
        (folder.path / place).write_bytes(b"")
    assert folder.pictures() == {"Ann/a.JPG": "Ann", "Ann/b.png": "Ann"}
