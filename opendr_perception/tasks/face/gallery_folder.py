"""The faces that are known, on disk: a folder of images for each person, and one file with what the embedder says.

    gallery/
      Ann/first.png ...     images, as users keep them
      embeddings.npz        see `gallery_file`
      changes.log           see `gallery_log`

Nobody but the user may read it. Whatever is killed at whatever moment, a person is enrolled with all samples or not at
all, and one who was to be forgotten is forgotten:

* New images wait in `.enrolling-*` until the file names them; whoever opens the gallery moves them, or deletes what the
  file does not name.
* A mark `.forgotten-NAME` comes first of all. While it is there nobody of that name is read, and whoever opens the
  gallery deletes the rest.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote

from opendr_perception.files import PRIVATE_FILE, PRIVATE_FOLDER, sync, write_bytes
from opendr_perception.tasks.face import gallery_file, gallery_log
from opendr_perception.tasks.face.formats import DIMENSIONS
from opendr_perception.tasks.face.gallery import FILE, LOG, Gallery, GalleryError, check_name, normal_name
from opendr_perception.tasks.face.gallery_scan import Contents, folders_of, scan

LOCK_WAIT = 5.0
"""Seconds to wait while another process changes the gallery."""

_LOCK = ".lock"
_ENROLLING, _FORGOTTEN = ".enrolling-", ".forgotten-"
_UNFINISHED = re.compile(r"\.(embeddings\.npz|\d+\.png)\.\d+")  # of `write_bytes`, in a process that was killed


class GalleryFolder:
    """A gallery on disk.

    Args:
        path: of the folder; it is made when somebody is enrolled.
        model: what makes embeddings, see `fingerprint`.
        dimensions: numbers of each.
    """

    def __init__(self, path: Path, model: str, dimensions: int = DIMENSIONS) -> None:
        self.path = path
        self.model = model
        self.dimensions = dimensions

    def read(self) -> Gallery:
        """Read the folder's file; an empty gallery when there is none.

        Raises:
            GalleryError: it cannot be read, or was made with another model.
        """
        gallery = self._read()
        if gallery.model != self.model:
            raise GalleryError(f"{self._file} was made with {gallery.model}, not {self.model}; run: {self._rebuild}")
        if gallery.names and (numbers := gallery.embeddings.shape[1]) != self.dimensions:
            raise GalleryError(
                f"{self._file} has embeddings of {numbers} numbers, not {self.dimensions}; run: {self._rebuild}"
            )
        return gallery

    def stamp(self) -> tuple[int, int, int]:
        """Stamp that changes whenever the file is replaced, or somebody is to be forgotten."""
        try:
            status = self._file.stat()
            return status.st_ino, status.st_mtime_ns, self.path.stat().st_mtime_ns
        except OSError:
            return (0, 0, 0)

    def contents(self) -> Contents:
        """The images in the folder, and what is not taken.

        Raises:
            GalleryError: it cannot be read.
        """
        try:
            found, forgotten = scan(self.path), self._forgotten()
        except OSError as error:
            raise GalleryError(f"{self.path} cannot be read: {error.strerror}") from error
        return Contents({p: name for p, name in found.images.items() if name not in forgotten}, found.skipped)

    def open(self, warn: Callable[[str], None]) -> None:
        """Finish or undo what was interrupted, and take from others the right to read.

        Args:
            warn: told, in one line each, what was done, and why it could not be.
        """
        if not self.path.is_dir():
            return
        try:
            with self.writing(warn):
                pass
        except GalleryError as error:
            warn(str(error))

    @contextmanager
    def writing(self, warn: Callable[[str], None] = lambda text: None) -> Iterator[None]:
        """Be the only one who changes the folder. What a killed process has left is finished or undone first.

        Raises:
            GalleryError: another process is at it for long, or the disk cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(PRIVATE_FOLDER, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(self.path / _LOCK, flags, PRIVATE_FILE), "w") as lock:
                _acquire(lock.fileno(), self.path)
                self._make_private(warn)
                self._finish(warn)
                yield
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            raise GalleryError(f"{self.path} cannot be changed: {error.strerror or error}{where}") from error

    def write(self, gallery: Gallery) -> None:
        """Replace the folder's file. Only within `writing`."""
        write_bytes(self._file, gallery_file.serialise(gallery), PRIVATE_FILE)

    def add(self, gallery: Gallery, name: str, images: Mapping[str, bytes]) -> None:
        """Store images of a person, and a gallery that names them: all or nothing. Only within `writing`.

        Args:
            gallery: with the new samples.
            name: of the person.
            images: their bytes, by path below the folder.

        Raises:
            GalleryError: the person's place is taken by a link or a file.
        """
        if name in self._forgotten():
            raise GalleryError(f"'{name}' is still being forgotten: make {self.path} writable and try again")
        place = self.path / name
        if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
            raise GalleryError(f"{place} is a link or a file, where the images of '{name}' should be; move it away")
        waiting = self.path / f"{_ENROLLING}{time.time_ns()}"
        try:
            for image, content in images.items():
                (waiting / name).mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
                write_bytes(waiting / image, content, PRIVATE_FILE)
            gallery_log.note(self.path, "enrol", name, len(images))
            self.write(gallery)
        except BaseException:
            shutil.rmtree(waiting, ignore_errors=True)
            raise
        self._move(waiting)

    def forget(self, name: str, warn: Callable[[str], None] = lambda text: None) -> Gallery:
        """Delete all images and embeddings of a person, whatever model made them, and return what is left.

        Args:
            name: of the person.
            warn: told what was not deleted because it lies elsewhere.

        Raises:
            GalleryError: there is nobody of that name, or the disk cannot be written.
        """
        name = check_name(name)
        with self.writing(warn):
            if name not in self._people() and not folders_of(self.path, name):
                raise GalleryError(f"nobody is enrolled as '{name}'")
            (self.path / f"{_FORGOTTEN}{name}").mkdir(PRIVATE_FOLDER, exist_ok=True)
            sync(self.path)
            self._finish_forgetting(name, warn)
        return self._read()

    @property
    def _file(self) -> Path:
        return self.path / FILE

    @property
    def _rebuild(self) -> str:
        embedder = self.model.split()[0]
        return f"opendr-perception gallery rebuild --gallery {quote(str(self.path))} --embedder {quote(embedder)}"

    def _read(self) -> Gallery:
        """Read the samples of those who are not forgotten, whatever model made them."""
        try:
            gallery = gallery_file.parse(self._file.read_bytes())
            return gallery.without_people(self._forgotten())
        except FileNotFoundError:
            return Gallery(self.model)
        except OSError as error:
            raise GalleryError(f"{self._file} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise GalleryError(f"{self._file} cannot be read ({error}); run: {self._rebuild}") from error

    def _people(self) -> tuple[str, ...]:
        try:
            return self._read().people
        except GalleryError:
            return ()

    def _forgotten(self) -> set[str]:
        """Names that are to be forgotten and are not yet."""
        marks = (mark.name.removeprefix(_FORGOTTEN) for mark in self.path.glob(f"{_FORGOTTEN}*"))
        return {normal_name(name) for name in marks}

    def _make_private(self, warn: Callable[[str], None]) -> None:
        own = [self.path, *(self.path / name for name in (FILE, LOG, f"{LOG}.1", _LOCK))]
        images = [self.path / image for image in scan(self.path).images]
        opened = 0
        for path in {*own, *images, *(image.parent for image in images)}:
            with suppress(FileNotFoundError):
                mode = path.lstat().st_mode
                if mode & 0o077 and not (path.is_symlink() and path != self.path):
                    path.chmod(mode & 0o700)
                    opened += 1
        if opened and self._file.exists():
            warn(f"{self.path} could be read by others; {opened} of its folders and files are now private")

    def _finish(self, warn: Callable[[str], None]) -> None:
        """Finish or undo what a killed process has begun."""
        for path in [*self.path.glob(".*.*"), *self.path.glob("*/.*.*")]:
            if _UNFINISHED.fullmatch(path.name) and not path.parent.is_symlink():
                path.unlink()
        for waiting in self.path.glob(f"{_ENROLLING}*"):
            self._finish_enrolling(waiting)
        for name in self._forgotten():
            try:
                self._finish_forgetting(name, warn)
            except OSError as error:  # the mark stays: the person is not read, and the next one tries again
                warn(f"'{name}' is not known any more, but {error.filename} cannot be deleted: {error.strerror}")

    def _finish_enrolling(self, waiting: Path) -> None:
        try:
            named = set(self._read().images)
        except GalleryError:
            named = set()
        for image in [*waiting.glob("*/*")]:
            if f"{image.parent.name}/{image.name}" not in named:
                image.unlink()
        self._move(waiting)

    def _move(self, waiting: Path) -> None:
        for image in [*waiting.glob("*/*")]:
            target = self.path / image.parent.name
            if not target.is_symlink():  # made meanwhile: without its image a sample is dropped
                target.mkdir(PRIVATE_FOLDER, exist_ok=True)
                os.replace(image, target / image.name)
                sync(target)
        shutil.rmtree(waiting)

    def _finish_forgetting(self, name: str, warn: Callable[[str], None]) -> None:
        deleted = 0
        try:
            before = gallery_file.parse(self._file.read_bytes())
            deleted = before.names.count(name)
            if deleted:
                self.write(before.without_people({name}))
        except (FileNotFoundError, IsADirectoryError):
            pass
        except ValueError:  # nobody can say who is in it; the images of all others give it again
            self._file.unlink()
        for folder in folders_of(self.path, name):
            if folder.is_symlink():
                warn(f"{folder} was a link: what it leads to, {os.readlink(folder)}, was not deleted")
                folder.unlink()
            elif folder.is_dir():
                shutil.rmtree(folder)
        shutil.rmtree(self.path / f"{_FORGOTTEN}{name}")
        with suppress(OSError):  # a full disk keeps nobody from being forgotten
            gallery_log.note(self.path, "forget", name, deleted)


def _acquire(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + LOCK_WAIT
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise GalleryError(f"another process is changing {path}; try again when it is done") from None
            time.sleep(0.05)
