"""The gallery on disk: private, whole or not there, whatever happens, and nobody comes back who was to be forgotten."""

from __future__ import annotations

import io
import os
import stat
import threading
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opendr_perception.tasks.face import gallery_folder as module
from opendr_perception.tasks.face.enrolment import enrol
from opendr_perception.tasks.face.gallery import FILE, LOG, THRESHOLD, GalleryError
from opendr_perception.tasks.face.gallery_folder import GalleryFolder


def test_what_was_written_is_read(folder: Any) -> None:
    assert folder.read().people == ()
    assert folder.stamp() == (0, 0, 0)
    gallery = folder.filled(Ann=2, Bob=1)
    folder.put(gallery)
    again = folder.read()
    assert (again.names, again.images, again.threshold) == (gallery.names, gallery.images, THRESHOLD)
    np.testing.assert_array_equal(again.embeddings, gallery.embeddings)
    stamp = folder.stamp()
    folder.put(gallery.without({"Bob/0.png"}))
    assert folder.stamp() != stamp


def test_forgetting_deletes_images_and_embeddings(folder: Any) -> None:
    folder.put(folder.filled(Ann=2, Bob=1))
    assert folder.forget("Ann").people == ("Bob",)
    assert folder.read().people == ("Bob",)
    assert sorted(path.name for path in folder.path.rglob("*.png")) == ["0.png"]
    with pytest.raises(GalleryError, match="nobody is enrolled as 'Ann'"):
        folder.forget("Ann")
    with pytest.raises(GalleryError, match="cannot be a name"):
        folder.forget("../gallery")


def write_raw(folder: Any, **changed: object) -> None:
    fields = {"version": 2, "model": folder.model, "metric": "euclidean", "threshold": 0.4}
    arrays = {
        "names": np.array(["Ann"]),
        "pictures": np.array(["Ann/0.png"]),
        "digests": np.array([""]),
        "embeddings": folder.points(1),
    }
    buffer = io.BytesIO()
    np.savez(buffer, **{**fields, **arrays, **changed})  # type: ignore[arg-type]
    folder.path.mkdir(exist_ok=True)
    (folder.path / FILE).write_bytes(buffer.getvalue())


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"model": "face-embedding ffff"}, "was made with face-embedding ffff, not face-embedding 0123456789abcdef"),
        ({"version": 3}, "format 3 instead of 2"),
        ({"metric": "cosine"}, "metric cosine instead of euclidean"),
        ({"embeddings": np.zeros((2, 128), np.float32)}, "do not belong together"),
        ({"embeddings": np.zeros((1, 64), np.float32)}, "embeddings of 64 numbers, not 128"),
        ({"embeddings": np.full((1, 128), np.nan, np.float32)}, "must be finite"),
        ({"names": np.array([{"a": 1}], object)}, "cannot be read"),
    ],
)
def test_files_that_do_not_fit_are_refused_with_the_remedy(
    folder: Any, changed: dict[str, object], complaint: str
) -> None:
    write_raw(folder)
    assert folder.read().threshold == 0.4
    write_raw(folder, **changed)
    with pytest.raises(GalleryError, match=complaint) as error:
        folder.read()
    assert f"run: opendr-perception gallery rebuild --gallery {folder.path} --embedder face-embedding" in str(
        error.value
    )


def test_truncated_files_are_refused(folder: Any) -> None:
    write_raw(folder)
    content = (folder.path / FILE).read_bytes()
    for size in (0, 1, 100, len(content) // 2, len(content) - 1):
        (folder.path / FILE).write_bytes(content[:size])
        with pytest.raises(GalleryError, match="cannot be read"):
            folder.read()


def test_two_writers_take_turns(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def add(name: str) -> None:
        for number in range(4):
            with folder.writing():
                folder.write(folder.read().with_samples(name, [f"{name}/{number}.png"], folder.points(1)))

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
        GalleryFolder(tmp_path / "file" / "x", "a model").writing(),
    ):
        pass


def test_nobody_else_may_read_a_gallery(folder: Any) -> None:
    umask = os.umask(0)
    try:
        enrol(folder, "Ann", folder.samples(0))
    finally:
        os.umask(umask)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder.path, *folder.path.rglob("*"))}
    assert {mode for name, mode in modes.items() if name in ("gallery", "Ann")} == {0o700}
    assert {mode for name, mode in modes.items() if name not in ("gallery", "Ann")} == {0o600}


def test_an_open_gallery_is_made_private_with_one_line(folder: Any) -> None:
    enrol(folder, "Ann", folder.samples(0))
    for path in (folder.path, *folder.path.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    said: list[str] = []
    folder.open(said.append)
    assert said == [f"{folder.path} could be read by others; 8 of its folders and files are now private"]
    assert not [path for path in (folder.path, *folder.path.rglob("*")) if path.stat().st_mode & 0o077]
    folder.open(pytest.fail)


def test_a_linked_folder_is_not_written_through_and_bricks_nothing(folder: Any, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.png").write_bytes(b"x")
    folder.put(folder.filled(Ann=1))
    (folder.path / "Bob").symlink_to(photos)
    with pytest.raises(GalleryError, match="is a link or a file"):
        enrol(folder, "Bob", folder.samples(5))
    assert folder.contents().images == {"Ann/0.png": "Ann"}
    assert folder.contents().skipped == (
        f"{folder.path}/Bob is skipped: it is a link; copy what it leads to into a folder here",
    )
    said: list[str] = []
    folder.forget("Bob", said.append)
    assert said == [f"{folder.path}/Bob was a link: what it leads to, {photos}, was not deleted"]
    assert (photos / "a.png").exists()
    assert not (folder.path / "Bob").is_symlink()
    enrol(folder, "Cid", folder.samples(6))
    assert folder.forget("Ann").people == ("Cid",)


def test_links_in_place_of_the_gallerys_own_files_lead_nowhere(folder: Any, tmp_path: Path) -> None:
    enrol(folder, "Ann", folder.samples(0))
    for name in (".lock", LOG):
        (folder.path / name).unlink()
        (folder.path / name).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(GalleryError, match="cannot be changed"):
            enrol(folder, "Bob", folder.samples(1))
        assert not (tmp_path / "elsewhere").exists()
        (folder.path / name).unlink()
    assert folder.read().people == ("Ann",)
    assert enrol(folder, "Bob", folder.samples(1)).people == ("Ann", "Bob")


def test_a_folder_in_place_of_the_file_is_named(folder: Any) -> None:
    (folder.path / FILE).mkdir(parents=True)
    with pytest.raises(GalleryError, match=r"embeddings\.npz.*[Ii]s a directory"):
        folder.read()


def test_a_person_can_be_forgotten_whatever_the_file_is(folder: Any) -> None:
    folder.put(folder.filled(Ann=1, Bob=1))
    other = GalleryFolder(folder.path, "another model")
    assert other.forget("Ann").people == ("Bob",)
    (folder.path / FILE).write_bytes(b"broken Bob")
    folder.forget("Bob")
    assert folder.everything() == set()
    assert not (folder.path / FILE).exists()


def test_a_name_is_one_person_in_whatever_way_the_folder_is_written(folder: Any) -> None:
    decomposed, composed = (unicodedata.normalize(form, "José") for form in ("NFD", "NFC"))
    enrol(folder, decomposed, folder.samples(0))
    (folder.path / decomposed).mkdir()
    (folder.path / decomposed / "b.png").write_bytes(b"")
    assert set(folder.contents().images.values()) == {composed}
    folder.forget(decomposed)
    assert folder.everything() == set()


def test_every_change_is_noted_in_a_log_that_stays_small(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.gallery_log, "LARGEST", 300)
    for _ in range(3):
        enrol(folder, "Ann", folder.samples(0))
        folder.forget("Ann")
    logs = [folder.path / name for name in (f"{LOG}.1", LOG)]
    lines = [line for log in logs if log.exists() for line in log.read_text().splitlines()]
    assert [line.rpartition(": ")[2] for line in lines[-2:]] == ["enrol 'Ann' 3", "forget 'Ann' 3"]
    for _ in range(20):
        module.gallery_log.note(folder.path, "forget", "Ann", 1)
    assert sum(path.stat().st_size for path in folder.path.glob(f"{LOG}*")) < 800


def test_a_full_disk_enrols_nobody_and_leaves_nothing(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol(folder, "Bob", folder.samples(1))
    before = folder.everything()

    def full(path: Path, content: bytes, mode: int) -> None:
        if path.name == FILE:
            raise OSError(28, "No space left on device")
        write_bytes(path, content, mode)

    write_bytes = module.write_bytes
    monkeypatch.setattr(module, "write_bytes", full)
    with pytest.raises(GalleryError, match="No space left"):
        enrol(folder, "Ann", folder.samples(2))
    assert folder.everything() == before
    assert folder.read().people == ("Bob",)
