"""Packing for a robot without a network, and what unpacking refuses."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from opendr_perception import zoo
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
    with pytest.raises(zoo.ModelCorrupt, match="is not in its table of contents, or twice; nothing was unpacked"):
        unpack(bundle, cache)
    assert nothing_is_visible(cache)
    assert not list(cache.root.parent.glob("escaped*"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_listed_model_that_is_no_plain_file_is_refused(bundle: Path, cache: zoo.Cache, kind: bytes) -> None:
    def replace(members: Members) -> None:
        members.pop()
        add("face-expression.onnx", kind, "/etc/passwd")(members)

    rewrite(bundle, replace)
    with pytest.raises(zoo.ModelCorrupt, match=r"'face-expression\.onnx' is not a plain file"):
        unpack(bundle, cache)
    assert nothing_is_visible(cache)


def test_one_changed_model_keeps_the_others_out_too(bundle: Path, cache: zoo.Cache) -> None:
    def damage(members: Members) -> None:
        header, content = members[2]
        members[2] = (header, content[:-1] + bytes([content[-1] ^ 1]))

    rewrite(bundle, damage)
    with pytest.raises(zoo.ModelCorrupt, match="model 'face-expression' is damaged"):
        unpack(bundle, cache)
    assert nothing_is_visible(cache)


def forge(members: Members) -> None:
    """Exchange a model, and say its hash in the table of contents."""
    content = members[2][1][::-1]
    members[2] = (members[2][0], content)
    table = json.loads(members[0][1])
    table["files"]["face-expression.onnx"] = hashlib.sha256(content).hexdigest()
    members[0] = (members[0][0], json.dumps(table).encode())


def test_a_forged_model_with_a_fitting_table_of_contents_is_refused(bundle: Path, cache: zoo.Cache) -> None:
    rewrite(bundle, forge)
    with pytest.raises(zoo.ModelCorrupt, match=r"'face-expression\.onnx' is not the file that this version .* pins"):
        unpack(bundle, cache)
    assert nothing_is_visible(cache)


@pytest.mark.parametrize(
    "table",
    [
        *("", "{", "[]", "{}", '{"format": 1}', '{"format": 2}', '{"format": 2, "files": {}}', "\xff", "[" * 100_000),
        *('{"format": 2, "files": {"yolo.onnx": "0"}}', '{"format": 2, "files": ["blazeface.onnx"]}'),
    ],
)
def test_a_table_of_contents_that_says_nothing_usable_is_refused(bundle: Path, cache: zoo.Cache, table: str) -> None:
    def replace(members: Members) -> None:
        members[0] = (members[0][0], table.encode("latin-1"))

    rewrite(bundle, replace)
    with pytest.raises(zoo.ModelCorrupt, match="nothing was unpacked"):
        unpack(bundle, cache)
    assert nothing_is_visible(cache)


def test_a_pack_without_table_of_contents_is_refused(bundle: Path, cache: zoo.Cache) -> None:
    rewrite(bundle, lambda members: members.pop(0) and None)
    with pytest.raises(zoo.ModelCorrupt, match="does not begin with a table of contents; pack the models again"):
        unpack(bundle, cache)
    assert nothing_is_visible(cache)


def test_a_pack_that_is_cut_or_damaged_between_two_models_is_refused(bundle: Path, cache: zoo.Cache) -> None:
    whole = bundle.read_bytes()
    with tarfile.open(bundle) as tar:
        second = [member.offset for member in tar][2]
    flipped = bytearray(whole)
    flipped[second + 10] ^= 4
    for content in (whole[:second], whole[: second + 512], bytes(flipped), whole[:second] + bytes(10240)):
        bundle.write_bytes(content)
        with pytest.raises(zoo.ModelCorrupt, match="nothing was unpacked"):
            unpack(bundle, cache)
        assert nothing_is_visible(cache)


def test_no_damage_of_headers_unpacks_a_part(bundle: Path, cache: zoo.Cache) -> None:
    whole = bundle.read_bytes()
    with tarfile.open(bundle) as tar:
        headers = [member.offset for member in tar]
    random = np.random.default_rng(0)
    for _ in range(200):
        content = bytearray(whole)
        for _ in range(random.integers(1, 4)):
            content[headers[random.integers(3)] + random.integers(512)] = random.integers(256)
        bundle.write_bytes(content)
        try:
            assert unpack(bundle, cache) == NAMES  # what was hit means nothing, such as a time
        except zoo.ModelCorrupt:
            assert nothing_is_visible(cache)
        shutil.rmtree(cache.root)


@pytest.mark.parametrize("keep", [0, 100, 5000, -20000])
def test_what_is_not_a_whole_tar_file_is_refused(bundle: Path, cache: zoo.Cache, keep: int) -> None:
    bundle.write_bytes(bundle.read_bytes()[:keep])
    with pytest.raises(zoo.ModelCorrupt, match=str(bundle)):
        unpack(bundle, cache)
    assert nothing_is_visible(cache)


def test_an_absent_file_is_named(cache: zoo.Cache, tmp_path: Path) -> None:
    with pytest.raises(zoo.ZooError, match=r"absent\.tar does not exist"):
        unpack(tmp_path / "absent.tar", cache)
