"""Write trained networks as the models that `audiovisual_emotion` loads:
`python -m opendr_perception.training.emotion.audiovisual.export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from torch import Tensor, nn

from opendr_perception.engine.export import write_onnx
from opendr_perception.networks.checkpoints import load_checkpoint, read_tensors
from opendr_perception.networks.emotion.audiovisual import FRAMES, AudiovisualClip, AudiovisualNetwork, of_opendr
from opendr_perception.networks.emotion.efficient_face import FEATURES, SIDE
from opendr_perception.tasks.emotion import EXPRESSIONS
from opendr_perception.tasks.sound import MfccConfig
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.weights import fill, read
from opendr_perception.zoo.cache import sha256_of

RAVDESS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgusted", "surprised")
"""Emotions in OpenDR's order."""


class _Head(nn.Module):
    def __init__(self, network: AudiovisualNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, audio: Tensor, video: Tensor) -> Tensor:
        return self.network(audio, video).softmax(1)


class _Trunk(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        found: Tensor = self.network(image.permute(0, 3, 1, 2).float() / 255)
        return found


def load(weights: Path) -> tuple[AudiovisualNetwork, dict[str, Any]]:
    """The network of a training, and its card.

    Args:
        weights: the .npz; the card is the .yaml beside it.

    Raises:
        ValueError: the weights do not fit what the card says.
    """
    state, card = read(weights)
    shape = card["shape"]
    network = AudiovisualNetwork(
        len(card["labels"]),
        shape["fusion"],
        heads=shape["heads"],
        audio_features=shape["coefficients"],
        video_features=card["features"],
        audio_widths=shape["audio_widths"],
        video_widths=shape["video_widths"],
    )
    fill(network, state, weights)
    return network, card


def export_head(
    network: AudiovisualNetwork, path: Path, coefficients: int, features: int, texts: dict[str, str]
) -> None:
    """Write the network that joins a voice and a face, as a whole or not at all.

    Args:
        network: the network.
        path: the file.
        coefficients: of a frame of sound.
        features: of a face.
        texts: the metadata that `tasks.emotion.audiovisual.AudiovisualModel` reads.
    """
    config = MfccConfig(coefficients=coefficients)
    inputs = {"audio": torch.zeros(2, coefficients, config.frames), "video": torch.zeros(2, features, FRAMES)}
    axes = {name: {0: "clips"} for name in (*inputs, "probabilities")}
    texts = {"mfcc": json.dumps(config.as_dict()), **texts}
    write_onnx(_Head(network), path, inputs, ["probabilities"], axes, texts)


def export_trunk(network: nn.Module, path: Path) -> None:
    """Write the network that describes single faces: image (N, 224, 224, 3) uint8 RGB to features (N, 1024)."""
    axes = {"image": {0: "faces"}, "features": {0: "faces"}}
    image = torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8)
    write_onnx(_Trunk(network), path, {"image": image}, ["features"], axes)


def export_opendr(checkpoint: Path, model: Path, fusion: str, heads: int) -> None:
    """Write OpenDR's checkpoint as `model` and, for its faces, beside it as `NAME-face.onnx`.

    Raises:
        ValueError: the weights are of another network.
    """
    weights: dict[str, Any] = read_tensors(checkpoint)
    weights = weights.get("state_dict", weights)
    classes = int(weights["classifier.0.bias"].numel())
    network = AudiovisualClip(classes, fusion, heads=heads)  # type: ignore[arg-type]  # it says what there is
    load_checkpoint(network, of_opendr(weights, network.head.fusion))
    faces = model.with_name(f"{model.stem}-face.onnx")
    export_trunk(network.trunk, faces)
    labels = RAVDESS if classes == len(RAVDESS) else tuple(label for label in RAVDESS if label != "neutral")
    texts = {"labels": json.dumps(labels), "faces": sha256_of(faces), "face_labels": "[]", "terms": "research"}
    texts |= {"mean": json.dumps([0.0] * 10), "spread": json.dumps([1.0] * 10)}
    export_head(network.head, model, 10, FEATURES, texts)


def export_weights(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training, or OpenDR's checkpoint.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    fusion: Annotated[str, typer.Option(help="Of OpenDR's checkpoint: lt, it or ia.")] = "ia",
    heads: Annotated[int, typer.Option(help="Of OpenDR's checkpoint.")] = 1,
) -> None:
    """Export a network with its labels and the scale of its sound."""
    if weights.suffix != ".npz":
        export_opendr(weights, model, fusion, heads)
        return
    network, card = load(weights)
    texts = {name: json.dumps(card[name]) for name in ("labels", "mean", "spread")}
    texts |= {"faces": "probabilities", "face_labels": json.dumps(EXPRESSIONS), "terms": str(card["terms"])}
    export_head(network, model, card["shape"]["coefficients"], card["features"], texts)


if __name__ == "__main__":
    run_command(export_weights)
