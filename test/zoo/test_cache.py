"""The cache directory: where it is, who may write, and what a failure leaves."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from opendr_perception.files import store
from opendr_perception.zoo import Cache, ZooError, default_cache
from opendr_perception.zoo.cache import sha256_of


def test_the_directory_follows_the_environment() -> None:
    assert default_cache({"OPENDR_PERCEPTION_CACHE": "/a", "XDG_CACHE_HOME": "/b"}).root == Path("/a")
    assert default_cache({"XDG_CACHE_HOME": "/b"}).root == Path("/b/opendr_perception")
    assert default_cache({}).root == Path.home() / ".cache" / "opendr_perception"


def test_a_stored_file_replaces_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "below" / "target"
    for content in (b"old", b"new"):
        source = tmp_path / "source"
        source.write_bytes(content)
        store(source, target)
        assert target.read_bytes() == content
        assert not source.exists()


def test_a_file_that_cannot_be_synced_never_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    source = tmp_path / "source"
    source.write_bytes(b"content")
    with pytest.raises(OSError, match="No space left"):
        store(source, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_unfinished_work_is_swept(cache: Cache) -> None:
    left_behind = cache.root / "unfinished" / "killed" / "half.onnx"
    left_behind.parent.mkdir(parents=True)
    left_behind.write_bytes(b"half")
    with cache.workspace() as workspace:
        assert not left_behind.exists()
        (workspace / "file").write_bytes(b"content")
    assert not workspace.exists()


def test_work_is_swept_after_an_error(cache: Cache) -> None:
    with pytest.raises(RuntimeError), cache.workspace() as workspace:
        (workspace / "file").write_bytes(b"content")
        raise RuntimeError
    assert not workspace.exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_clear_line(cache: Cache, number: int) -> None:
    with pytest.raises(ZooError, match=f"no space left on the disk of {cache.root}"), cache.workspace():
        raise OSError(number, os.strerror(number))


def test_a_directory_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ZooError, match="cannot use"), Cache(tmp_path / "file" / "cache").workspace():
        pass


def test_hash_of_a_known_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256_of(tmp_path / "file") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
