"""Files that nodes get: a file that has just been checked, or the command that provides it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from opendr_perception import zoo


@pytest.fixture
def copy(models: dict[str, zoo.ModelFile], cache: zoo.Cache) -> Path:
    """The expression network in a cache of the test's own."""
    cache.models.mkdir(parents=True)
    return Path(shutil.copy(models["face-expression"].path, cache.models))


def test_a_ready_model_comes_with_its_entry(copy: Path, cache: zoo.Cache) -> None:
    model = zoo.require("face-expression", cache)
    assert (model.name, model.path) == ("face-expression", copy)
    assert model.entry is not None
    assert model.entry.outputs["probabilities"].shape == ("N", 7)
    assert model.entry.inputs["image"].channels == "rgb"


def test_a_missing_model_names_file_and_command(cache: zoo.Cache) -> None:
    with pytest.raises(zoo.ModelMissing) as error:
        zoo.require("nanodet", cache)
    assert str(cache.models / "nanodet.onnx") in str(error.value)
    assert "opendr-perception models fetch nanodet" in str(error.value)


def test_one_flipped_bit_is_found(copy: Path, cache: zoo.Cache) -> None:
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)
    with pytest.raises(
        zoo.ModelCorrupt, match=f"{copy} is corrupt, or of another version .*; run: opendr-perception models fetch"
    ):
        zoo.require("face-expression", cache)


def test_a_cut_off_file_is_found(copy: Path, cache: zoo.Cache) -> None:
    copy.write_bytes(copy.read_bytes()[:-1])
    with pytest.raises(zoo.ModelCorrupt):
        zoo.require("face-expression", cache)


def test_nothing_beside_a_model_can_vouch_for_it(copy: Path, cache: zoo.Cache) -> None:
    forged = copy.read_bytes()[::-1]
    copy.write_bytes(forged)
    receipt = {"sha256": hashlib.sha256(forged).hexdigest(), "size": len(forged), "fingerprint": "any"}
    copy.with_suffix(".json").write_text(json.dumps(receipt))
    with pytest.raises(zoo.ModelCorrupt):
        zoo.require("face-expression", cache)


def test_a_file_of_the_users_own_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    with pytest.raises(zoo.ModelMissing, match=str(path)):
        zoo.require(str(path))
    path.write_bytes(b"anything")
    assert zoo.require(str(path)) == zoo.ModelFile("mine", path, None)


def test_unknown_names_are_refused(cache: zoo.Cache) -> None:
    with pytest.raises(zoo.ZooError, match="'yolo' is unknown; known are nanodet"):
        zoo.require("yolo", cache)
    with pytest.raises(zoo.ZooError, match=r"'nanodet' is unknown; known are vtest\.avi"):
        zoo.sample("nanodet", cache)


def test_a_sample_is_checked_before_use(cache: zoo.Cache) -> None:
    with pytest.raises(zoo.ZooError, match=r"is missing; run: opendr-perception models fetch vtest\.avi"):
        zoo.sample("vtest.avi", cache)
    cache.samples.mkdir(parents=True)
    (cache.samples / "vtest.avi").write_bytes(b"not a video")
    with pytest.raises(zoo.ZooError, match="is corrupt"):
        zoo.sample("vtest.avi", cache)


def test_requiring_a_model_loads_no_tool_of_the_command_line(models: dict[str, zoo.ModelFile]) -> None:
    script = (
        "import sys\n"
        "from opendr_perception import zoo\n"
        "zoo.require('nanodet')\n"
        "print(sorted({'onnx', 'onnxruntime', 'rich', 'typer', 'torch'} & set(sys.modules)))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert result.stdout.strip() == "[]"


def test_a_model_that_comes_with_this_package_is_checked_like_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = zoo.require("action-open")
    assert found.path.is_file()
    (tmp_path / found.path.name).write_bytes(found.path.read_bytes()[:-1] + b"x")
    monkeypatch.setattr("opendr_perception.zoo.store.WEIGHTS", tmp_path)
    with pytest.raises(zoo.ModelCorrupt, match="install this package again"):
        zoo.require("action-open")
    (tmp_path / found.path.name).unlink()
    with pytest.raises(zoo.ModelMissing, match="install this package again"):
        zoo.require("action-open")
