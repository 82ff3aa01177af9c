"""Read the weight files of TensorFlow.js: one or more binary shards described by JSON groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Json = dict[str, Any]
"""An object of a JSON file."""


def read_weights(groups: list[Json], files: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """Read all tensors, dequantised.

    Args:
        groups: the `weightsManifest` of a model, a list of {paths, weights}.
        files: content of each binary file by its name in `paths`.

    Returns:
        Arrays by name: float32 for all that was stored as float16 or quantised to integers, int32 and bool as they are.

    Raises:
        ValueError: a file is shorter or longer than its description.
    """
    weights = {}
    for group in groups:
        data = b"".join(files[path] for path in group["paths"])
        offset = 0
        for spec in group["weights"]:
            array, offset = _read_tensor(spec, data, offset)
            weights[spec["name"]] = array
        if offset != len(data):
            raise ValueError(f"{group['paths']}: {len(data)} bytes, but the description ends at {offset}")
    return weights


def _read_tensor(spec: Json, data: bytes, offset: int) -> tuple[np.ndarray, int]:
    quantization = spec.get("quantization", {})
    dtype = np.dtype(quantization.get("dtype", spec["dtype"])).newbyteorder("<")
    count = int(np.prod(spec["shape"], dtype=np.int64))
    stored = np.frombuffer(data, dtype, count, offset).reshape(spec["shape"])
    array = stored.astype(spec["dtype"])
    if "scale" in quantization:
        array = array * np.float32(quantization["scale"]) + np.float32(quantization["min"])
    return array, offset + count * dtype.itemsize
