"""Read the description of a TensorFlow.js graph model."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from opendr_perception.zoo.convert.tfjs_weights import Json, read_weights


@dataclass(frozen=True)
class Node:
    """An operator of the TensorFlow.js graph."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Json


@dataclass(frozen=True)
class TfjsGraph:
    """A TensorFlow.js graph model: operators and constants by name."""

    nodes: dict[str, Node]
    weights: dict[str, np.ndarray]

    @classmethod
    def parse(cls, model: Json, files: Mapping[str, bytes]) -> TfjsGraph:
        """Read a model.

        Args:
            model: content of its JSON file.
            files: its binary files, by the names that the JSON file uses.
        """
        nodes = {}
        for spec in model["modelTopology"]["node"]:
            inputs = tuple(name for name in spec.get("input", []) if not name.startswith("^"))
            attributes = {key: _decode(value) for key, value in spec.get("attr", {}).items()}
            nodes[spec["name"]] = Node(spec["name"], spec["op"], inputs, attributes)
        return cls(nodes, read_weights(model["weightsManifest"], files))

    def constant_input(self, name: str, index: int) -> np.ndarray:
        """The constant that operator `name` reads as input number `index`."""
        return self.weights[self.nodes[name].inputs[index]]


def _decode(attribute: Json) -> Any:
    """An attribute of the JSON file as a plain value; integers are stored as strings, strings in base64."""
    if "s" in attribute:
        return base64.b64decode(attribute["s"]).decode()
    if "i" in attribute:
        return int(attribute["i"])
    if "list" in attribute:
        return [_decode({kind: item}) for kind, items in attribute["list"].items() for item in items]
    return next(iter(attribute.values()), None)
