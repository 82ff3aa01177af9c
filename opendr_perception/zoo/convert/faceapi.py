"""Build the two face networks of face-api, whose package holds weights but no graph."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from opendr_perception.zoo.convert.builder import GraphBuilder, Pads
from opendr_perception.zoo.convert.heads import image_input
from opendr_perception.zoo.convert.tfjs import same_padding
from opendr_perception.zoo.convert.tfjs_weights import read_weights

MEAN = [122.782, 117.001, 104.298]
STD = [255.0] * 3
NO_PADS: Pads = (0, 0, 0, 0)


def embedding(builder: GraphBuilder, files: Mapping[str, bytes]) -> None:
    """Face embedding: dlib's ResNet with 29 convolutions, (N, 150, 150, 3) RGB to `embedding` (N, 128)."""
    network = _Network(builder, _weights(files))
    x, size = network.trunk()
    x, _ = network.downsample(x, "conv256_down_out", size)
    pooled = builder.add("Flatten", builder.add("GlobalAveragePool", x))
    builder.output("embedding", builder.add("MatMul", pooled, network.weights["fc"]), "float32", ["N", 128])


def features(builder: GraphBuilder, files: Mapping[str, bytes]) -> None:
    """The last map of the face embedding's network that knows of places: (N, 150, 150, 3) RGB to (N, 256, 4, 4)."""
    x, size = _Network(builder, _weights(files)).trunk()
    builder.output("features", x, "float32", ["N", 256, size, size])


def expression(builder: GraphBuilder, files: Mapping[str, bytes]) -> None:
    """Facial expression: densely connected separable convolutions, (N, 112, 112, 3) RGB to `probabilities` (N, 7)."""
    network = _Network(builder, _weights(files))
    x = image_input(builder, 112, 112, MEAN, STD).tensor
    size = 112
    for block in range(4):
        x, size = network.dense_block(x, f"dense{block}", size, separable=block > 0)
    pooled = builder.add("AveragePool", x, kernel_shape=[size, size], strides=[2, 2])
    # The first dense layer was trained on channels-last order; after pooling to a single cell the orders agree.
    features = builder.add("Flatten", pooled)
    logits = builder.add("Gemm", features, network.weights["fc/weights"], network.weights["fc/bias"])
    builder.output("probabilities", builder.add("Softmax", logits, axis=1), "float32", ["N", 7])


def _weights(files: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    (description,) = (name for name in files if name.endswith(".json"))
    return read_weights(json.loads(files[description]), files)


@dataclass(frozen=True)
class _Network:
    builder: GraphBuilder
    weights: dict[str, np.ndarray]

    def trunk(self) -> tuple[str, int]:
        """From the image to a map of 256 channels, and the map's side in cells."""
        x = self.scaled_convolution(image_input(self.builder, 150, 150, MEAN, STD).tensor, "conv32_down", stride=2)
        x = self.builder.add("MaxPool", self.builder.add("Relu", x), kernel_shape=[3, 3], strides=[2, 2])
        size = 35  # of the map, in cells
        for name in ("conv32_1", "conv32_2", "conv32_3"):
            x = self.residual(x, name)
        for channels, blocks in ((64, 3), (128, 2), (256, 2)):
            x, size = self.downsample(x, f"conv{channels}_down", size)
            for block in range(blocks):
                x = self.residual(x, f"conv{channels}_{block + 1}")
        return x, size

    def convolution(self, x: str, filters: str, bias: str | None, stride: int, pads: Pads, group: int = 1) -> str:
        kernel = self.weights[filters].transpose(3, 2, 0, 1)
        if group > 1:
            kernel = kernel.transpose(1, 0, 2, 3)
        tensors = [kernel] if bias is None else [kernel, self.weights[bias]]
        return self.builder.add("Conv", x, *tensors, strides=[stride] * 2, pads=pads, dilations=[1, 1], group=group)

    def scaled_convolution(self, x: str, name: str, stride: int, pads: Pads = NO_PADS) -> str:
        """Convolution, then the scale and offset per channel that its batch normalisation left."""
        y = self.convolution(x, f"{name}/conv/filters", f"{name}/conv/bias", stride, pads)
        y = self.builder.add("Mul", y, self.weights[f"{name}/scale/weights"].reshape(1, -1, 1, 1))
        return self.builder.add("Add", y, self.weights[f"{name}/scale/biases"].reshape(1, -1, 1, 1))

    def branch(self, x: str, name: str, stride: int, pads: Pads) -> str:
        hidden = self.builder.add("Relu", self.scaled_convolution(x, f"{name}/conv1", stride, pads))
        return self.scaled_convolution(hidden, f"{name}/conv2", stride=1, pads=(1, 1, 1, 1))

    def residual(self, x: str, name: str) -> str:
        return self.builder.add("Relu", self.builder.add("Add", self.branch(x, name, 1, (1, 1, 1, 1)), x))

    def downsample(self, x: str, name: str, size: int) -> tuple[str, int]:
        """Residual block of stride 2; the shortcut is pooled and gets zeros for its new channels."""
        y = self.branch(x, name, 2, NO_PADS)
        shortcut = self.builder.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
        branch_size, pooled_size = (size - 3) // 2 + 1, size // 2
        if pooled_size > branch_size:
            y = self.pad(y, channels=0, cells=pooled_size - branch_size)
        more = self.weights[f"{name}/conv1/conv/filters"].shape[3] - self.weights[f"{name}/conv1/conv/filters"].shape[2]
        if more:
            shortcut = self.pad(shortcut, channels=more, cells=0)
        return self.builder.add("Relu", self.builder.add("Add", shortcut, y)), pooled_size

    def pad(self, x: str, channels: int, cells: int) -> str:
        return self.builder.add("Pad", x, np.array([0, 0, 0, 0, 0, channels, cells, cells]), np.array(0, np.float32))

    def dense_block(self, x: str, name: str, size: int, *, separable: bool) -> tuple[str, int]:
        add, relu = self.builder.add, "Relu"
        pads = _same(size, 2)
        size = -(-size // 2)
        if separable:
            first = add(relu, self.separable(x, f"{name}/conv0", 2, pads))
        else:
            first = add(relu, self.convolution(x, f"{name}/conv0/filters", f"{name}/conv0/bias", 2, pads))
        total, hidden = first, first
        for number in (1, 2, 3):
            total = add("Add", total, self.separable(hidden, f"{name}/conv{number}", 1, _same(size, 1)))
            hidden = add(relu, total)
        return hidden, size

    def separable(self, x: str, name: str, stride: int, pads: Pads) -> str:
        channels = self.weights[f"{name}/depthwise_filter"].shape[2]
        y = self.convolution(x, f"{name}/depthwise_filter", None, stride, pads, group=channels)
        return self.convolution(y, f"{name}/pointwise_filter", f"{name}/bias", 1, NO_PADS)


def _same(size: int, stride: int) -> Pads:
    before, after = same_padding(size, 3, stride)
    return before, before, after, after
