"""The manifest: complete, pinned, and strict about mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from opendr_perception.zoo import ZooError
from opendr_perception.zoo.manifest import MANIFEST, load_manifest


def test_every_archive_is_pinned_except_those_of_distributions() -> None:
    manifest = load_manifest()
    entries = [*manifest.models.values(), *manifest.samples.values()]
    assert {entry.package.registry for entry in entries} == {"npm", "pypi", "debian"}
    for entry in entries:
        differs = entry.package.registry == "debian" or entry.package.name == "scikit-image"
        assert (entry.package.sha256 is None) == differs, entry.name


def test_every_model_has_a_recipe_and_a_golden_output() -> None:
    recipes = pytest.importorskip("opendr_perception.zoo.convert.recipes")
    golden = json.loads(MANIFEST.with_name("golden.json").read_text())
    models = load_manifest().models
    assert set(models) == {*recipes.RECIPES, *recipes.READY} == set(golden)
    for name, model in models.items():
        assert list(golden[name]) == list(model.outputs), name


def test_no_address_of_a_host_is_written_down() -> None:
    for file in MANIFEST.parent.iterdir():
        if file.is_file():
            assert "://" not in file.read_text(), file


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("packages", "face-api", "sha256"), "abc", "'abc' is not a sha256"),
        (("packages", "face-api", "sha256"), "x" * 64, "x" * 64),
        (("packages", "face-api", "registry"), "attic", "'attic'"),
        (("packages", "face-api", "colour"), "blue", "colour"),
        (("models", "nanodet", "converter"), "magic", "'magic'"),
        (("models", "nanodet", "package"), "elsewhere", "elsewhere"),
        (("samples", "vtest.avi", "sha256"), None, "sha256"),
        (("own", "nms-geom", "terms"), "cheap", "terms 'cheap'"),
        (("models",), None, "NoneType"),
    ],
)
def test_a_mistake_is_reported_with_the_file(tmp_path: Path, path: tuple[str, ...], value: str, complaint: str) -> None:
    content = yaml.safe_load(MANIFEST.read_text())
    target = content
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    if value is None:
        del target[path[-1]]
        complaint = path[-1]
    file = tmp_path / "manifest.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(ZooError) as error:
        load_manifest(file)
    assert str(file) in str(error.value)
    assert complaint in str(error.value)
