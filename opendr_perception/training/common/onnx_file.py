"""Networks as ONNX files for nodes: traced, checked, and whole or not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from opendr_perception.files import replacing

OPSET = 18

Axes = Mapping[str, Mapping[int, str]]


def write_onnx(
    network: nn.Module,
    path: Path,
    inputs: Mapping[str, Tensor],
    outputs: Sequence[str],
    dynamic: Axes,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a network as an ONNX file.

    Args:
        network: takes the inputs in their order; it is written, and left, in evaluation mode.
        path: the file.
        inputs: an example of each input, by its name.
        outputs: their names.
        dynamic: names of the axes that may have any length, by tensor and number.
        metadata: texts to store in the file.
    """
    with replacing(path) as unfinished:
        torch.onnx.export(
            network.eval(),
            tuple(inputs.values()),
            str(unfinished),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: dict(axes) for name, axes in dynamic.items()},
            opset_version=OPSET,
            dynamo=False,
        )
        model = onnx.load(str(unfinished))
        onnx.checker.check_model(model)
        onnx.helper.set_model_props(model, dict(metadata or {}))
        onnx.save(model, str(unfinished))
