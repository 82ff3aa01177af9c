"""Provision of weights: manifest, fetch, convert, verify, pack."""

from opendr_perception.zoo.cache import Cache, default_cache
from opendr_perception.zoo.errors import DownloadError, ModelCorrupt, ModelMissing, ZooError
from opendr_perception.zoo.manifest import ModelEntry, SampleEntry, TensorSpec, load_manifest
from opendr_perception.zoo.provision import fetch
from opendr_perception.zoo.sessions import Sessions, session
from opendr_perception.zoo.store import ModelFile, require, sample

__all__ = [
    "Cache",
    "DownloadError",
    "ModelCorrupt",
    "ModelEntry",
    "ModelFile",
    "ModelMissing",
    "SampleEntry",
    "Sessions",
    "TensorSpec",
    "ZooError",
    "archives",
    "cache",
    "commands",
    "default_cache",
    "errors",
    "fetch",
    "golden",
    "imported",
    "importing",
    "load_manifest",
    "manifest",
    "registries",
    "require",
    "sample",
    "session",
    "store",
]
