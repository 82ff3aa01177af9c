"""Processes that are killed while they change a gallery: all or nothing, and nothing is left lying around."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opendr_perception.tasks.face.enrolment import enrol
from opendr_perception.tasks.face.gallery import FILE, GalleryError


def test_a_kill_at_any_moment_enrols_all_or_nothing_and_forgets_for_good(folder: Any) -> None:
    random = np.random.default_rng(0)
    people: dict[str, bool | None] = {}  # None: it was being changed
    for number, delay in enumerate(random.uniform(0.02, 0.25, 16)):
        reading, writing = os.pipe()
        child = multiprocessing.get_context("fork").Process(target=change_for_ever, args=(folder, number, writing))
        child.start()
        os.close(writing)
        child.join(delay)
        child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        with os.fdopen(reading) as journal:
            for line in journal.read().splitlines():
                action, name = line.split()
                people[name] = {"enrolled": True, "forgotten": False}.get(action)
        seen = folder.read()
        folder.open(lambda text: None)
        gallery, images = folder.read(), folder.contents().images
        assert gallery.names == seen.names, "nothing changes by being finished"
        for name, there in people.items():
            count = gallery.names.count(name)
            assert count == list(images.values()).count(name)
            assert count in ((0, 3) if there is None else (3 * there,)), (name, there)
            people[name] = bool(count)
        assert folder.everything() == {*images, *gallery.people}, "nothing of a kill is left"


def change_for_ever(folder: Any, number: int, journal: int) -> None:
    for count in range(10**6):
        name = f"P{number}x{count}"
        os.write(journal, f"enrolling {name}\n".encode())
        enrol(folder, name, folder.samples(1000 * number + count), threshold=1e-6)
        os.write(journal, f"enrolled {name}\n".encode())
        if count % 2:
            os.write(journal, f"forgetting {name}\n".encode())
            folder.forget(name)
            os.write(journal, f"forgotten {name}\n".encode())


@pytest.mark.parametrize("step", range(12))
def test_a_forgetting_that_is_cut_off_anywhere_is_finished_by_the_next_who_opens(folder: Any, step: int) -> None:
    folder.put(folder.filled(Ann=2, Bob=1))
    cut_off(step, lambda: folder.forget("Ann"))
    began = folder.read().people == ("Bob",)
    folder.open(lambda text: None)
    assert folder.read().people == (("Bob",) if began else ("Ann", "Bob"))
    assert folder.everything() == {"Bob", "Bob/0.png", *(() if began else ("Ann", "Ann/0.png", "Ann/1.png"))}
    assert ("Ann".encode("utf-32-le") in (folder.path / FILE).read_bytes()) is not began


@pytest.mark.parametrize("step", range(24))
def test_an_enrolment_that_is_cut_off_anywhere_is_whole_or_never_was(folder: Any, step: int) -> None:
    enrol(folder, "Bob", folder.samples(1))
    cut_off(step, lambda: enrol(folder, "Ann", folder.samples(2)))
    seen = folder.read().names.count("Ann")
    folder.open(pytest.fail)
    assert folder.read().names.count("Ann") == seen
    assert list(folder.contents().images.values()).count("Ann") == seen
    assert seen in (0, 3)
    assert len(folder.everything()) == 4 + (seen and 4)


def cut_off(step: int, work: Callable[[], object]) -> None:
    """Do some work in a process that is killed at its `step`-th change of the disk."""

    def child() -> None:
        calls = iter(range(10**6))

        def counted(function: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **options: object) -> object:
                if next(calls) == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return function(*arguments, **options)

            return call

        for name in ("mkdir", "replace", "rmdir", "unlink", "write", "fsync"):
            setattr(os, name, counted(getattr(os, name)))
        work()

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)


def test_what_older_versions_left_behind_goes_and_files_of_others_stay(folder: Any, tmp_path: Path) -> None:
    enrol(folder, "Ann", folder.samples(0))
    before = folder.everything()
    (tmp_path / "photos").mkdir()
    (folder.path / "Bob").symlink_to(tmp_path / "photos")
    kept = [folder.path / ".backup.2024", folder.path / "Ann" / ".notes.1", tmp_path / "photos" / ".1.png.77"]
    gone = [
        folder.path / f".{FILE}.4711",
        folder.path / "Ann" / ".1732.png.12",
        folder.path / ".forgotten-1732" / "a.png",
    ]
    gone[-1].parent.mkdir()
    for path in (*kept, *gone):
        path.write_bytes(b"x")
    folder.open(lambda text: None)
    assert [path for path in kept if path.exists()] == kept
    assert not [path for path in gone if path.exists()]
    assert folder.everything() == before | {"Bob", ".backup.2024", "Ann/.notes.1"}


def test_who_cannot_be_deleted_is_not_known_and_bricks_nothing(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol(folder, "Ann", folder.samples(0))

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("opendr_perception.tasks.face.gallery_folder.shutil.rmtree", refuse)
        with pytest.raises(GalleryError, match="Permission denied"):
            folder.forget("Ann")
        assert folder.read().people == ()
        said: list[str] = []
        folder.open(said.append)
        assert said == [f"'Ann' is not known any more, but {folder.path}/Ann cannot be deleted: Permission denied"]
        with pytest.raises(GalleryError, match="still being forgotten"):
            enrol(folder, "Ann", folder.samples(0))
    folder.open(pytest.fail)
    assert folder.everything() == set()
