"""Fetching, with a package client that is a script in the test's own directory."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from opendr_perception import zoo
from opendr_perception.zoo import DownloadError, ZooError, provision
from opendr_perception.zoo.store import FileState, path_of, state_of

FETCH = """
import sys
from pathlib import Path
from opendr_perception.zoo import Cache, fetch
from opendr_perception.zoo.manifest import load_manifest
manifest = load_manifest(Path(sys.argv[1]))
fetch(manifest.samples, Cache(Path(sys.argv[2])), manifest=manifest)
"""


def files_of(cache: zoo.Cache) -> set[str]:
    return {str(path.relative_to(cache.root)) for path in cache.root.rglob("*") if path.is_file()}


ALL_FILES = {"lock", "archives/first-1.2.3", "archives/second-1.2.3", "samples/first.bin", "samples/second.bin"}


def test_fetched_once_and_never_again(registry: Any, cache: zoo.Cache, recorder: Any) -> None:
    first, second = zoo.fetch(["first.bin", "second.bin"], cache, recorder, registry.manifest)
    assert first.read_bytes() == b"content of first"
    assert second.read_bytes() == b"content of second"
    assert recorder.downloads == ["first 1.2.3", "second 1.2.3"]
    assert files_of(cache) == ALL_FILES
    zoo.fetch(["first.bin", "second.bin"], cache, recorder, registry.manifest)
    assert registry.requests == ["first@1.2.3", "second@1.2.3"]


def test_what_is_ready_needs_no_right_to_write(registry: Any, cache: zoo.Cache) -> None:
    zoo.fetch(["first.bin"], cache, manifest=registry.manifest)
    (cache.root / "lock").unlink()
    zoo.fetch(["first.bin"], cache, manifest=registry.manifest)
    assert not (cache.root / "lock").exists()


@pytest.mark.parametrize("content", [b"content of fir", b"content of FIRST", b""])
def test_a_corrupt_file_is_made_again_from_the_archive(registry: Any, cache: zoo.Cache, content: bytes) -> None:
    (path,) = zoo.fetch(["first.bin"], cache, manifest=registry.manifest)
    path.write_bytes(content)
    zoo.fetch(["first.bin"], cache, manifest=registry.manifest)
    assert path.read_bytes() == b"content of first"
    assert registry.requests == ["first@1.2.3"]


def test_a_corrupt_archive_is_downloaded_again(registry: Any, cache: zoo.Cache, recorder: Any) -> None:
    (path,) = zoo.fetch(["first.bin"], cache, manifest=registry.manifest)
    path.unlink()
    archive = cache.archives / "first-1.2.3"
    archive.write_bytes(archive.read_bytes()[:-1])
    zoo.fetch(["first.bin"], cache, recorder, registry.manifest)
    assert path.read_bytes() == b"content of first"
    assert registry.requests == ["first@1.2.3"] * 2
    assert recorder.lines == [f"{archive} is corrupt and is downloaded again"]


def test_another_archive_than_the_pinned_one_is_refused(registry: Any, cache: zoo.Cache) -> None:
    (registry.directory / "first.tgz").write_bytes(b"something else")
    with pytest.raises(DownloadError, match=r"first 1\.2\.3: .*sha256 differs"):
        zoo.fetch(["first.bin"], cache, manifest=registry.manifest)
    assert files_of(cache) == {"lock"}


def test_a_failed_download_names_package_reason_and_remedy(registry: Any, cache: zoo.Cache) -> None:
    registry.fail_with("npm error code E503\nnpm error 503 Service Unavailable - GET first\nnpm error A log is in x\n")
    with pytest.raises(DownloadError) as error:
        zoo.fetch(["first.bin"], cache, manifest=registry.manifest)
    assert str(error.value) == (
        "cannot download first 1.2.3: its client said: 503 Service Unavailable - GET first; "
        "check the network and run the command again (what is complete is kept)"
    )
    assert files_of(cache) == {"lock"}


def test_the_first_package_is_kept_when_the_second_fails(registry: Any, cache: zoo.Cache) -> None:
    hidden = registry.directory / "second.tgz"
    hidden.rename(hidden.with_suffix(".hidden"))
    with pytest.raises(DownloadError, match="second"):
        zoo.fetch(["first.bin", "second.bin"], cache, manifest=registry.manifest)
    hidden.with_suffix(".hidden").rename(hidden)
    zoo.fetch(["first.bin", "second.bin"], cache, manifest=registry.manifest)
    assert registry.requests == ["first@1.2.3", "second@1.2.3", "second@1.2.3"]


def test_an_unknown_name_is_refused_before_anything_happens(registry: Any, cache: zoo.Cache) -> None:
    with pytest.raises(ZooError, match=r"'third\.bin' is unknown; known are first\.bin, second\.bin"):
        zoo.fetch(["first.bin", "third.bin"], cache, manifest=registry.manifest)
    assert not cache.root.exists()


def test_killed_in_the_middle_the_next_fetch_gets_what_is_missing(registry: Any, cache: zoo.Cache) -> None:
    zoo.fetch(["first.bin"], cache, manifest=registry.manifest)
    registry.hold_downloads()
    arguments = [sys.executable, "-c", FETCH, str(registry.manifest_file), str(cache.root)]
    with subprocess.Popen(arguments) as process:
        registry.await_download()
        process.send_signal(signal.SIGKILL)
    assert any((cache.root / "unfinished").iterdir())
    assert state_of(registry.manifest.samples["second.bin"], cache.samples / "second.bin") is FileState.MISSING
    registry.release()  # the orphaned client ends, wherever it writes to
    zoo.fetch(["first.bin", "second.bin"], cache, manifest=registry.manifest)
    assert registry.requests == ["first@1.2.3", "second@1.2.3", "second@1.2.3"]
    assert files_of(cache) >= ALL_FILES
    with cache.workspace():
        pass
    assert files_of(cache) == ALL_FILES


def test_two_processes_share_one_download(registry: Any, cache: zoo.Cache, recorder: Any) -> None:
    registry.hold_downloads()
    arguments = [sys.executable, "-c", FETCH, str(registry.manifest_file), str(cache.root)]
    waiting = threading.Event()

    def line(text: str) -> None:
        recorder.lines.append(text)
        waiting.set()

    observer = type("Observer", (provision.Silent,), {"line": staticmethod(line)})()
    with subprocess.Popen(arguments) as process:
        registry.await_download()
        second = threading.Thread(
            target=zoo.fetch, args=(["first.bin", "second.bin"], cache, observer, registry.manifest), daemon=True
        )
        second.start()
        assert waiting.wait(30)
        registry.release()
        assert process.wait(30) == 0
        second.join(30)
    assert recorder.lines == ["waiting for another process that is fetching"]
    assert registry.requests == ["first@1.2.3", "second@1.2.3"]
    assert files_of(cache) == ALL_FILES


def test_a_full_disk_leaves_nothing_that_looks_valid(
    registry: Any, cache: zoo.Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bytes = Path.write_bytes

    def half(path: Path, content: bytes) -> int:
        write_bytes(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(ZooError, match=f"no space left on the disk of {cache.root}"):
        zoo.fetch(["first.bin"], cache, manifest=registry.manifest)
    assert files_of(cache) == {"lock", "archives/first-1.2.3"}
    monkeypatch.undo()


def test_a_client_that_fills_the_disk_is_one_clear_line(registry: Any, cache: zoo.Cache) -> None:
    registry.fail_with("npm error code ENOSPC\nnpm error nospc There appears to be insufficient space.\n")
    with pytest.raises(DownloadError, match=r"cannot download first 1\.2\.3: no space left on the disk"):
        zoo.fetch(["first.bin"], cache, manifest=registry.manifest)
    assert files_of(cache) == {"lock"}


def test_a_model_that_computes_something_else_is_not_kept(
    models: dict[str, zoo.ModelFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conversion is checked before it gets its name; the others go on from the archive that was kept."""
    recipes = pytest.importorskip("opendr_perception.zoo.convert.recipes")
    real, cache = zoo.default_cache(), zoo.Cache(tmp_path)
    package = models["face-expression"].entry.package
    zoo_archive = real.archive(package)
    if not zoo_archive.exists():
        pytest.skip("the archive of face-api is not in the cache: models were unpacked")
    cache.archives.mkdir()
    cache.archive(package).symlink_to(zoo_archive)
    build = recipes.build
    monkeypatch.setattr(recipes, "build", lambda name, files: distorted(build(name, files)))
    with pytest.raises(zoo.ModelCorrupt, match="output 'probabilities' is off by"):
        zoo.fetch(["face-expression"], cache)
    assert not cache.models.exists()
    monkeypatch.undo()
    (path,) = zoo.fetch(["face-expression"], cache)
    assert path == path_of(models["face-expression"].entry, cache)
    assert zoo.require("face-expression", cache).path == path


def test_a_conversion_that_writes_other_bytes_is_not_kept(
    models: dict[str, zoo.ModelFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may compute the same: nobody could tell it from a forged one."""
    recipes = pytest.importorskip("opendr_perception.zoo.convert.recipes")
    package = models["face-expression"].entry.package
    archive, cache = zoo.default_cache().archive(package), zoo.Cache(tmp_path)
    if not archive.exists():
        pytest.skip("the archive of face-api is not in the cache: models were unpacked")
    cache.archives.mkdir()
    cache.archive(package).symlink_to(archive)
    build = recipes.build

    def signed(name: str, files: Any) -> Any:
        model = build(name, files)
        model.producer_version = "other"
        return model

    monkeypatch.setattr(recipes, "build", signed)
    with pytest.raises(zoo.ModelCorrupt, match="writes another file than the pinned one; install the version in"):
        zoo.fetch(["face-expression"], cache)
    assert not cache.models.exists()


def distorted(model: Any) -> Any:
    bias = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    bias.raw_data = bytes(len(bias.raw_data))
    return model
