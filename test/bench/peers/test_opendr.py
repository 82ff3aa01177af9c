"""A peer that cannot be had is told in one line; what is cached is believed only with the right hash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from opendr_perception.bench.peers import opendr
from opendr_perception.zoo.cache import Cache


def test_without_its_library_it_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "continual", None)
    with pytest.raises(opendr.PeerMissing, match=r"continual-inference"), opendr.opendr_models(tmp_path):
        pass


def test_a_file_with_another_hash_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.archives.mkdir(parents=True)
    kept = cache.archives / f"{opendr.SKELETONS.package.replace('==', '-')}.tar.gz"
    kept.write_bytes(b"something else")

    def fail(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no network\n")

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(opendr.PeerMissing, match="no network"):
        opendr._archive(opendr.SKELETONS, cache)

    def deliver(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        (Path(command[command.index("-d") + 1]) / "peer.tar.gz").write_bytes(b"something else")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", deliver)
    with pytest.raises(opendr.PeerMissing, match="sha256"):
        opendr._archive(opendr.SKELETONS, cache)
