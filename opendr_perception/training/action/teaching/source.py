"""The network that a teaching begins with, read from the model that the node runs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper

from opendr_perception.arrays import open_arrays
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.networks.action.taught import ActionNetwork, TaughtTcn
from opendr_perception.networks.action.tcn import ActionTcn
from opendr_perception.tasks.action import skeleton

WEIGHTS = ".weights"
"""Suffix of the weights of a model that was taught; they are in the format of .npz."""
PREFIX = re.compile(r"(network\.)+")
"""Of the names of its weights, by what it is wrapped into when it is exported."""
STEM, HEAD = "layers.stem.weight", "layers.fc.weight"
"""Of each network in it."""


@dataclass(frozen=True)
class SourceModel:
    """Action network to begin with.

    Attributes:
        network: In evaluation mode.
        labels: Of its scores.
        terms: Of its use: 'open' or 'research'.
        name: Of the model, or its file.
        sha256: Of the file.
    """

    network: ActionNetwork
    labels: tuple[str, ...]
    terms: str
    name: str
    sha256: str


def read_source(path: Path, name: str = "") -> SourceModel:
    """Read an action model, one of the zoo or one that was taught before.

    Raises:
        DatasetError: It is no such model, or for other skeletons.
    """
    try:
        texts = Session(path, threads=1).metadata
        content = path.read_bytes()
    except (OSError, EngineError) as error:
        raise DatasetError(f"{path} is no model: {error}") from error
    try:
        weights = _weights(path, content)
        labels = tuple(json.loads(texts["labels"]))
        network = _like(weights)
        network.load_state_dict(weights, strict=False)
        missing = {*dict(network.named_parameters())} - {*weights}
    except (IndexError, KeyError, ValueError, RuntimeError) as error:
        raise DatasetError(f"{path} is no action network that can be taught") from error
    if missing or network.num_classes != len(labels) or texts.get("skeleton_version") != str(skeleton.VERSION):
        raise DatasetError(f"{path} is for other skeletons, or lacks weights: it cannot be taught")
    digest = hashlib.sha256(content).hexdigest()
    return SourceModel(network.eval(), labels, texts.get("terms", "open"), name or path.name, digest)


def _like(weights: Mapping[str, torch.Tensor]) -> ActionNetwork:
    """A network of the size of these weights."""
    stems = [name for name in weights if name.endswith(STEM)]
    sizes = sorted((len(weights[stem.replace(STEM, HEAD)]), len(weights[stem])) for stem in stems)
    members = [ActionTcn(labels, width) for labels, width in sizes]
    return members[0] if stems == [STEM] else TaughtTcn(members)


def _weights(path: Path, content: bytes) -> dict[str, torch.Tensor]:
    """Weights by their names: those of the file beside a model that was taught, else of the model, where small ones may
    have been folded into others."""
    beside = path.with_suffix(WEIGHTS)
    if beside.is_file():
        with open_arrays(beside) as arrays:
            return {name: torch.from_numpy(arrays[name]) for name in arrays}
    return {
        PREFIX.sub("", tensor.name, count=1): torch.from_numpy(numpy_helper.to_array(tensor).copy())
        for tensor in onnx.load_model_from_string(content).graph.initializer
        if PREFIX.match(tensor.name)
    }
