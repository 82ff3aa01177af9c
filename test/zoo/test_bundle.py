"""Packing for a robot without a network, and what unpacking refuses."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from opendr_perception import zoo
from opendr_perception.zoo import manifest
from opendr_perception.zoo.bundle import pack, unpack

NAMES = ["blazeface", "face-expression"]
Members = list[tuple[tarfile.TarInfo, bytes]]


@pytest.fixture
def bundle(models: dict[str, zoo.ModelFile], tmp_path: Path) -> Path:
    path = tmp_path / "models.tar"
    assert pack(path, NAMES) == NAMES
    return path


def rewrite(bundle: Path, change: Callable[[Members], None]) -> None:
    with tarfile.open(bundle) as tar:
        members = []
        for member in tar:
            file = tar.extractfile(member)
            assert file is not None
            members.append((member, file.read()))
    change(members)
    with tarfile.open(bundle, "w") as tar:
        for header, content in members:
            if header.isreg():
                header.size = len(content)
            tar.addfile(header, io.BytesIO(content))


def add(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> Callable[[Members], None]:
    header = tarfile.TarInfo(name)
    header.type, header.linkname = kind, target
    return lambda members: members.append((header, b"content"))


def nothing_is_visible(cache: zoo.Cache) -> bool:
    return not cache.models.exists() and not (cache.root / "unfinished").exists()


def test_what_was_packed_is_ready_after_unpacking(bundle: Path, cache: zoo.Cache) -> None:
    assert unpack(bundle, cache) == NAMES
    for name in NAMES:
        assert zoo.require(name, cache).path.read_bytes() == zoo.require(name).path.read_bytes()
    with pytest.raises(zoo.ModelMissing):
        zoo.require("nanodet", cache)


def test_the_same_models_give_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    pack(tmp_path / "again.tar", NAMES)
    assert (tmp_path / "again.tar").read_bytes() == bundle.read_bytes()


def test_by_default_all_that_is_ready_is_packed(bundle: Path, cache: zoo.Cache, tmp_path: Path) -> None:
    unpack(bundle, cache)
    assert pack(tmp_path / "all.tar", cache=cache) == NAMES


def test_nothing_to_pack_writes_no_file(cache: zoo.Cache, tmp_path: Path) -> None:
    for names in (None, ["nanodet"]):
        with pytest.raises(zoo.ModelMissing, match="opendr-perception models fetch"):
            pack(tmp_path / "none.tar", names, cache)
    assert not (tmp_path / "none.tar").exists()


def test_a_directory_that_does_not_exist_is_one_clear_line(models: dict[str, zoo.ModelFile], tmp_path: Path) -> None:
    with pytest.raises(zoo.ZooError, match="cannot use"):
        pack(tmp_path / "absent" / "models.tar", NAMES)


@pytest.mark.parametrize(
    "attack",
    [
        add("../escaped.onnx"),
        add("/tmp/escaped.onnx"),
        add("models/../../escaped"),
        add("yolo.onnx"),
        add("nanodet.onnx", tarfile.SYMTYPE, "/etc/passwd"),
        add("nanodet.onnx", tarfile.LNKTYPE, "blazeface.onnx"),
        add("nanodet.onnx", tarfile.DIRTYPE),
        add("nanodet.onnx", tarfile.FIFOTYPE),
        add("blazeface.onnx"),
    ],
)
def test_foreign_members_are_refused(bundle: Path, cache: zoo.Cache, attack: Callable[[Members], None]) -> None:
    rewrite(bundle, attack)
    with pytest.raises(zoo.ModelCorrupt, match="which is not a model of this package"):
        unpack(bundle, cache)
    assert nothing_is_visible(cache)
    assert not list(cache.root.parent.glob("escaped*"))


def test_one_changed_model_keeps_the_others_out_too(bundle: Path, cache: zoo.Cache) -> None:
    def damage(members: Members) -> None:
        header, content = members[2]
        members[2] = (header, content[:-1] + bytes([content[-1] ^ 1]))

    rewrite(bundle, damage)
    with pytest.raises(zoo.ModelCorrupt, match="model 'face-expression' is corrupt"):
        unpack(bundle, cache)
    assert nothing_is_visible(cache)


def test_a_model_without_receipt_is_refused(bundle: Path, cache: zoo.Cache) -> None:
    rewrite(bundle, lambda members: members.pop(1) and None)
    with pytest.raises(zoo.ModelCorrupt, match="model 'blazeface' is missing"):
        unpack(bundle, cache)
    assert nothing_is_visible(cache)


def test_a_receipt_without_model_is_refused(bundle: Path, cache: zoo.Cache) -> None:
    rewrite(bundle, lambda members: members.pop(0) and None)
    with pytest.raises(zoo.ModelCorrupt, match="model 'blazeface' is missing"):
        unpack(bundle, cache)
    assert nothing_is_visible(cache)


def test_models_of_another_version_are_refused(bundle: Path, cache: zoo.Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "CONVERTER_VERSION", manifest.CONVERTER_VERSION + 1)
    with pytest.raises(zoo.ModelMissing, match="packed by another version"):
        unpack(bundle, cache)
    assert nothing_is_visible(cache)


@pytest.mark.parametrize("keep", [0, 100, 5000, -20000])
def test_what_is_not_a_whole_tar_file_is_refused(bundle: Path, cache: zoo.Cache, keep: int) -> None:
    bundle.write_bytes(bundle.read_bytes()[:keep])
    with pytest.raises(zoo.ModelCorrupt, match=str(bundle)):
        unpack(bundle, cache)
    assert nothing_is_visible(cache)


def test_an_absent_file_is_named(cache: zoo.Cache, tmp_path: Path) -> None:
    with pytest.raises(zoo.ZooError, match=r"absent\.tar does not exist"):
        unpack(tmp_path / "absent.tar", cache)
