"""From a network of expressions in torch to the ONNX file that the emotion node loads by `model:=file.onnx`.

    image (N, size, size, 3) uint8 rgb  ->  probabilities (N, classes)[, valence_arousal (N, 2)][, branches (1,)]

The metadata `labels` is a JSON list. An ensemble may stop early, within the file: as soon as the branches that are left
cannot change the label of any image of the batch any more, they are not computed.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from opendr_perception.engine.export import write_onnx
from opendr_perception.networks.emotion import esr, ma_net
from opendr_perception.networks.emotion.esr import Branch, Esr, Layer
from opendr_perception.networks.emotion.ma_net import MaNet

Decision = Literal["vote", "mean"]
"""Decision rule of an ensemble: each branch has one vote for its label, as published, or gives its probabilities."""


@dataclass(frozen=True)
class ImageFormat:
    """Format of the images in the network's training.

    Attributes:
        channels: Their order, rgb or bgr.
        mean, std: That they were normalised with, after division by 255; in the same order.
        size: Pixels of their side, of an ensemble.
    """

    channels: Literal["rgb", "bgr"] = "rgb"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    size: int = esr.SIZE


def export_ma_net(network: MaNet, path: Path, labels: Sequence[str], images: ImageFormat) -> None:
    """Write MA-Net as a model, as a whole or not at all.

    Args:
        network: In evaluation mode.
        path: The file.
        labels: A name for each class.
        images: How they were given to it.
    """
    _write(_MaNetModel(network, images), path, ma_net.SIZE, labels, ["probabilities"], ["probabilities"])


def export_esr(
    network: Esr,
    path: Path,
    labels: Sequence[str],
    images: ImageFormat,
    *,
    decision: Decision = "mean",
    early_exit: bool = False,
    affect: bool = True,
) -> None:
    """Write an ensemble as a model, as a whole or not at all.

    `probabilities` are the mean over the branches of what each of them gives; the label is the largest of them, at a
    tie the first. With `early_exit` the label stays the same, proven: a branch can change the lead of one label over
    another by 1 at most, so branches are left out only while the lead exceeds their number. Probabilities, valence and
    arousal are then those of the branches that were asked, whose number is the output `branches`.

    Args:
        network: In evaluation mode.
        path: The file.
        labels: A name for each class.
        images: How they were given to it.
        decision: What each branch gives: its probabilities, or the whole to its most probable label.
        early_exit: Whether to stop as soon as the label is certain.
        affect: Whether valence and arousal were trained, and come out.
    """
    if early_exit:
        model: nn.Module = _EarlyExit(network, images, decision)
        produced = ["probabilities", "valence_arousal", "branches"]
    else:
        model = _All(network, images, decision)
        produced = ["probabilities", "valence_arousal"]
    wanted = [name for name in produced if affect or name != "valence_arousal"]
    _write(model, path, images.size, labels, produced, wanted)


class _Input(nn.Module):
    """From bytes to what the network takes."""

    mean: Tensor
    scale: Tensor

    def __init__(self, images: ImageFormat) -> None:
        super().__init__()
        self.flip = images.channels == "bgr"
        self.register_buffer("mean", 255 * torch.tensor(images.mean)[:, None, None])
        self.register_buffer("scale", 1 / (255 * torch.tensor(images.std)[:, None, None]))

    def forward(self, image: Tensor) -> Tensor:
        planes = image.permute(0, 3, 1, 2).float()
        if self.flip:
            planes = planes[:, [2, 1, 0]]
        return (planes - self.mean) * self.scale


class _MaNetModel(nn.Module):
    def __init__(self, network: MaNet, images: ImageFormat) -> None:
        super().__init__()
        self.input = _Input(images)
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return self.network(self.input(image)).logits().softmax(1)


class _Judge(nn.Module):
    """One branch: what it gives to each label (N, classes), summing to 1, and (N, 2) valence and arousal."""

    def __init__(self, branch: Branch, decision: Decision) -> None:
        super().__init__()
        self.branch = branch
        self.decision = decision

    def forward(self, shared: Tensor) -> tuple[Tensor, Tensor]:
        logits, affect, _, _ = self.branch(shared)
        given = logits.softmax(1)
        if self.decision == "vote":
            given = F.one_hot(logits.argmax(1), logits.shape[1]).float()
        return given, affect


class _All(nn.Module):
    """All branches are asked."""

    def __init__(self, network: Esr, images: ImageFormat, decision: Decision) -> None:
        super().__init__()
        network = _folded(network)
        self.input = _Input(images)
        self.base = network.base
        self.judges = nn.ModuleList(_Judge(branch, decision) for branch in network.judges())

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        shared = self.base(self.input(image))
        given, affect = zip(*(judge(shared) for judge in self.judges), strict=True)
        return torch.stack(given).mean(0), torch.stack(affect).mean(0).clamp(-1, 1)


class _EarlyExit(nn.Module):
    """Branches are asked one after the other until the label of every image is certain."""

    def __init__(self, network: Esr, images: ImageFormat, decision: Decision) -> None:
        super().__init__()
        network = _folded(network)
        self.input = _Input(images)
        self.base = network.base
        judges = [_Judge(branch, decision) for branch in network.judges()]
        surely = len(judges) // 2 + 1  # sooner no lead can exceed the number of those that are left
        self.first = nn.ModuleList(judges[:surely])
        self.last = nn.ModuleList(judges[surely:])
        self.remaining = len(self.last)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        shared = self.base(self.input(image))
        first = [judge(shared) for judge in self.first]
        given = torch.stack([one for one, _ in first]).sum(0)
        affect = torch.stack([feeling for _, feeling in first]).sum(0)
        asked = torch.full((1,), len(first))
        for place, judge in enumerate(self.last):
            best = given.topk(2).values
            doubt = (best[:, 0] - best[:, 1] <= self.remaining - place).any()
            given, affect, asked = torch.cond(doubt, _asking(judge), _skipping, (shared, given, affect, asked))
        return given / asked, (affect / asked).clamp(-1, 1), asked


Sums = tuple[Tensor, Tensor, Tensor]
"""Of what was given to each label, of valence and arousal, and of the branches that were asked."""


def _asking(judge: nn.Module) -> Callable[[Tensor, Tensor, Tensor, Tensor], Sums]:
    def ask(shared: Tensor, given: Tensor, affect: Tensor, asked: Tensor) -> Sums:
        one, feeling = judge(shared)
        return given + one, affect + feeling, asked + 1

    return ask


def _skipping(shared: Tensor, given: Tensor, affect: Tensor, asked: Tensor) -> Sums:
    return given.clone(), affect.clone(), asked.clone()  # a branch must not return its own inputs


@torch.no_grad()
def _folded(network: Esr) -> Esr:
    """A copy without normalisation after convolutions: it costs nothing when it is part of their weights."""
    network = copy.deepcopy(network).eval()
    for layer in network.modules():
        if isinstance(layer, Layer) and isinstance(layer.norm, nn.BatchNorm2d):
            layer.conv = fuse_conv_bn_eval(layer.conv, layer.norm)
            layer.norm = nn.Identity()
    return network


def _write(
    model: nn.Module, path: Path, size: int, labels: Sequence[str], produced: Sequence[str], wanted: Sequence[str]
) -> None:
    def revise(written: onnx.ModelProto) -> None:
        outputs = [output for output in written.graph.output if output.name in wanted]
        del written.graph.output[:]
        written.graph.output.extend(outputs)
        _weights_where_used(written.graph)

    example = {"image": torch.zeros(2, size, size, 3, dtype=torch.uint8)}
    axes = {name: {0: "N"} for name in ("image", *produced) if name != "branches"}
    write_onnx(model, path, example, produced, axes, {"labels": json.dumps(list(labels))}, revise)


def _weights_where_used(graph: onnx.GraphProto) -> None:
    """Move weights into the conditional branches that alone use them: onnxruntime optimises a graph with its own."""
    inside = [
        attribute.g
        for node in graph.node
        for attribute in node.attribute
        if attribute.type == onnx.AttributeProto.GRAPH
    ]
    outside = {name for node in graph.node for name in node.input}
    weights = {weight.name: weight for weight in graph.initializer if weight.name not in outside}
    for part in inside:
        used = [name for node in part.node for name in node.input if name in weights]
        for name in dict.fromkeys(used):
            part.initializer.append(weights[name])
    kept = [weight for weight in graph.initializer if weight.name in outside]
    del graph.initializer[:]
    graph.initializer.extend(kept)
