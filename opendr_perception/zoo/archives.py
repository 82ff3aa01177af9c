"""Read chosen files out of npm tarballs, wheels and Debian packages."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from opendr_perception.zoo.errors import DownloadError


def read_files(archive: Path, registry: str, files: Mapping[str, str]) -> dict[str, bytes]:
    """Read files of an archive into memory and check them.

    Args:
        archive: the file that the registry's client delivered.
        registry: 'npm', 'pypi' or 'debian'.
        files: sha256 by path in the archive.

    Returns:
        Content by path.

    Raises:
        DownloadError: a file is not in the archive, or is another one.
    """
    try:
        contents = READERS[registry](archive, set(files))
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise DownloadError(f"{archive.name} is broken: {error}") from error
    for path, digest in files.items():
        if path not in contents:
            raise DownloadError(f"{archive.name} does not contain {path}")
        if hashlib.sha256(contents[path]).hexdigest() != digest:
            raise DownloadError(f"{archive.name}: {path} is not the expected version of this file")
    return contents


def _read_wheel(archive: Path, paths: set[str]) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as wheel:
        return {path: wheel.read(path) for path in paths & set(wheel.namelist())}


def _read_tarball(archive: Path, paths: set[str]) -> dict[str, bytes]:
    with archive.open("rb") as stream:
        return _read_tar(stream, "r|gz", paths)


def _read_debian(archive: Path, paths: set[str]) -> dict[str, bytes]:
    command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            return _read_tar(process.stdout, "r|", paths)
        finally:
            process.kill()  # all wanted files may come long before its end


def _read_tar(stream: IO[bytes], mode: str, paths: set[str]) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    with tarfile.open(fileobj=stream, mode=mode) as tar:  # type: ignore[call-overload]
        for member in tar:
            name = member.name.removeprefix("./")
            if name in paths and (file := tar.extractfile(member)) is not None:
                contents[name] = file.read()
                if len(contents) == len(paths):
                    break
    return contents


READERS = {"npm": _read_tarball, "pypi": _read_wheel, "debian": _read_debian}


def extract(archive: tarfile.TarFile, folder: Path, members: Sequence[tarfile.TarInfo] | None = None) -> None:
    """Extract an archive without leaving the folder, also with a Python 3.10 or 3.11 that cannot check that yet."""
    archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
    archive.extractall(folder, members)
