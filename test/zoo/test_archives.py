"""Reading files out of archives."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from opendr_perception.zoo import DownloadError
from opendr_perception.zoo.archives import read_files

CONTENT = b"content" * 1000


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_npm(path: Path) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name in ("package/other", "package/file"):
            header = tarfile.TarInfo(name)
            header.size = len(CONTENT)
            tar.addfile(header, io.BytesIO(CONTENT))


def write_pypi(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("package/file", CONTENT)


def write_debian(path: Path) -> None:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed")
    tree = path.parent / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: name\nVersion: 1\nArchitecture: all\nMaintainer: none <none@example.org>\nDescription: test\n"
    )
    (tree / "package").mkdir()
    (tree / "package" / "file").write_bytes(CONTENT)
    subprocess.run(["dpkg-deb", "--build", tree, path], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("registry", "write"),
    [("npm", write_npm), ("pypi", write_pypi), ("debian", write_debian)],
    ids=("npm", "pypi", "debian"),
)
class TestArchive:
    def test_files_come_out_whole(self, registry: str, write: Callable[[Path], None], tmp_path: Path) -> None:
        write(tmp_path / "archive")
        files = read_files(tmp_path / "archive", registry, {"package/file": digest(CONTENT)})
        assert files == {"package/file": CONTENT}

    def test_another_version_is_refused(self, registry: str, write: Callable[[Path], None], tmp_path: Path) -> None:
        write(tmp_path / "archive")
        with pytest.raises(DownloadError, match="package/file is not the expected version"):
            read_files(tmp_path / "archive", registry, {"package/file": digest(b"other")})

    def test_an_absent_file_is_named(self, registry: str, write: Callable[[Path], None], tmp_path: Path) -> None:
        write(tmp_path / "archive")
        with pytest.raises(DownloadError, match="does not contain package/absent"):
            read_files(tmp_path / "archive", registry, {"package/absent": digest(CONTENT)})

    def test_a_cut_off_archive_is_broken(self, registry: str, write: Callable[[Path], None], tmp_path: Path) -> None:
        archive = tmp_path / "archive"
        write(archive)
        archive.write_bytes(archive.read_bytes()[:60])
        with pytest.raises(DownloadError, match="archive"):
            read_files(archive, registry, {"package/file": digest(CONTENT)})
