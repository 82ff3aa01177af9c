"""Read an ONNX file that comes from anywhere: nothing is unpickled, no other file is opened."""

from __future__ import annotations

import ast
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import onnx

from opendr_perception.zoo.errors import ZooError

LARGEST = 1 << 30
"""Bytes of a file; a message of protocol buffers ends at twice that."""
OLDEST_OPSET = 9
LONGEST_NAMES = 100_000
"""Characters of the names of classes that are looked at."""


@dataclass(frozen=True)
class Source:
    """An ONNX file as it was read.

    Args:
        name: of the file.
        sha256: of its bytes.
        model: what is in it.
    """

    name: str
    sha256: str
    model: onnx.ModelProto

    @property
    def metadata(self) -> dict[str, str]:
        """The texts that its exporter has written into it."""
        return {each.key: each.value for each in self.model.metadata_props}

    @property
    def class_names(self) -> list[str]:
        """Names of the classes, as Ultralytics writes them; empty where there are none."""
        text = self.metadata.get("names", "")
        if not 0 < len(text) <= LONGEST_NAMES:
            return []
        try:
            names = ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return []
        if isinstance(names, dict) and all(key in names for key in range(len(names))):
            names = [names[key] for key in range(len(names))]
        return [str(name) for name in names] if isinstance(names, list | tuple) else []


def read(path: Path) -> Source:
    """Read and check an ONNX file.

    Raises:
        ZooError: it is not there, no plain file, too large, no ONNX, invalid, or not all of a model.
    """
    content = content_of(path)
    if content[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise ZooError(f"{path} is a checkpoint of PyTorch, which is never opened here: export it to ONNX first")
    try:
        model = onnx.load_from_string(content)
    except Exception as error:  # protobuf's own, of several kinds
        raise ZooError(f"{path} is not an ONNX file: {_line(error)}") from error
    if not model.graph.node:
        raise ZooError(f"{path} is not an ONNX file: it has no graph")
    if outside := next((tensor.name for tensor in _tensors(model.graph) if _is_outside(tensor)), None):
        raise ZooError(
            f"{path} is not all of the model: its weight {outside} lies in another file; export it as one file "
            "(onnx.save with save_as_external_data=False)"
        )
    opsets = {each.domain: each.version for each in model.opset_import}
    opset = opsets.get("", opsets.get("ai.onnx", 0))
    newest = onnx.defs.onnx_opset_version()
    if not OLDEST_OPSET <= opset <= newest:
        raise ZooError(f"{path} is of opset {opset}: export it with one of {OLDEST_OPSET} to {newest}")
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise ZooError(f"{path} is not a valid ONNX model: {_line(error)}") from error
    return Source(path.name, hashlib.sha256(content).hexdigest(), model)


def content_of(path: Path) -> bytes:
    """All bytes of a plain file that is not too large, and no link.

    Raises:
        ZooError: it is none.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise ZooError(f"{path} is a symbolic link: name the file itself") from error
        raise ZooError(f"cannot read {path}: {error.strerror}") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise ZooError(f"{path} is no plain file")
    with os.fdopen(descriptor, "rb") as file:
        if status.st_size > LARGEST:
            raise ZooError(f"{path} has {status.st_size / 1e9:.1f} GB; at most {LARGEST / 1e9:.1f} GB are imported")
        return file.read(LARGEST + 1)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every constant of a graph and of the graphs inside of it."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)


def _is_outside(tensor: onnx.TensorProto) -> bool:
    return tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data) > 0


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [repr(error)])[0][:200]
