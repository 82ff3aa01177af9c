"""Imported models travel in packs with what was kept of them, and cannot pass for models of the package."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.zoo import imported
from opendr_perception.zoo.bundle import CONTENTS, pack, unpack
from opendr_perception.zoo.importing import import_model

RANDOM = np.random.default_rng(4)


def outputs() -> dict[str, np.ndarray]:
    return {"output0": RANDOM.uniform(0, 1, (1, 84, 126)).astype(np.float32)}


@pytest.fixture
def here(tmp_path: Path, exports: Any) -> zoo.Cache:
    cache = zoo.Cache(tmp_path / "here")
    import_model("yolo", exports("mine.onnx", outputs()), licence="of this test", cache=cache)
    return cache


@pytest.fixture
def robot(tmp_path: Path) -> zoo.Cache:
    return zoo.Cache(tmp_path / "robot")


def rewritten(source: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> Path:
    """A pack with another table of contents or other files."""
    with tarfile.open(source) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    contents = json.loads(files.pop(CONTENTS))
    change(contents, files)
    target = source.with_name("rewritten.tar")
    with tarfile.open(target, "w") as tar:
        for name, data in {CONTENTS: json.dumps(contents).encode(), **files}.items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            tar.addfile(header, io.BytesIO(data))
    return target


def test_an_imported_model_is_the_same_on_the_robot(here: zoo.Cache, robot: zoo.Cache, tmp_path: Path) -> None:
    for names in (None, ["mine"]):
        assert pack(tmp_path / "pack.tar", names, here) == ["mine"]
        assert unpack(tmp_path / "pack.tar", robot) == ["mine"]
        assert zoo.require("mine", robot).entry == zoo.require("mine", here).entry
    assert zoo.require("mine", robot).path.read_bytes() == zoo.require("mine", here).path.read_bytes()


def test_another_model_of_that_name_is_not_replaced(
    here: zoo.Cache, robot: zoo.Cache, tmp_path: Path, exports: Any
) -> None:
    kept = import_model("yolo", exports("other.onnx", outputs()), "mine", cache=robot)
    pack(tmp_path / "pack.tar", None, here)
    with pytest.raises(zoo.ZooError, match="'mine' is imported already, and is another model"):
        unpack(tmp_path / "pack.tar", robot)
    assert zoo.require("mine", robot).entry == kept


def forge_name(contents: dict[str, Any], files: dict[str, bytes]) -> None:
    contents["imported"]["nanodet"] = contents["imported"].pop("mine")
    contents["files"] = {"nanodet.onnx": contents["files"]["mine.onnx"]}
    files["nanodet.onnx"] = files.pop("mine.onnx")


def forge_path(contents: dict[str, Any], files: dict[str, bytes]) -> None:
    contents["imported"]["../../mine"] = contents["imported"].pop("mine")


def forge_type(contents: dict[str, Any], files: dict[str, bytes]) -> None:
    contents["imported"] = ["mine"]


def forge_field(contents: dict[str, Any], files: dict[str, bytes]) -> None:
    contents["imported"]["mine"]["image"] = "large"


def forge_results(contents: dict[str, Any], files: dict[str, bytes]) -> None:
    values = contents["imported"]["mine"]["golden"]["predictions"]["values"]
    contents["imported"]["mine"]["golden"]["predictions"]["values"] = [value + 1 for value in values]


def damage(contents: dict[str, Any], files: dict[str, bytes]) -> None:
    files["mine.onnx"] = files["mine.onnx"][:-1] + b"x"


@pytest.mark.parametrize("change", [forge_name, forge_path, forge_type, forge_field, forge_results, damage])
def test_a_forged_or_damaged_pack_changes_nothing(
    change: Any, here: zoo.Cache, robot: zoo.Cache, tmp_path: Path
) -> None:
    pack(tmp_path / "pack.tar", None, here)
    with pytest.raises(zoo.ModelCorrupt) as error:
        unpack(rewritten(tmp_path / "pack.tar", change), robot)
    assert "\n" not in str(error.value)
    assert imported.load(robot) == {}
    assert not (robot.root / "imported").exists() and not (robot.root / "models").exists()
