"""Write trained networks of expressions as models for the emotion node.

`python -m opendr_perception.training.emotion.expression.export WEIGHTS MODEL.onnx`, where WEIGHTS is the .npz of a
training, or a folder of OpenDR's learner with `Net-Base-Shared_Representations.pt` and `Net-Branch_1.pt` and so on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.emotion.esr import Esr, read_opendr_folder
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.weights import read
from opendr_perception.training.emotion.expression.data import LABELS
from opendr_perception.training.emotion.expression.onnx_model import Decision, ImageFormat, export_esr
from opendr_perception.training.emotion.expression.recipes import recipe


def export_weights(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training, or a folder of OpenDR.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    early_exit: Annotated[bool, typer.Option(help="Let an ensemble stop when the label is certain.")] = False,
    vote: Annotated[bool, typer.Option(help="Let each branch of OpenDR's have one vote, as published.")] = False,
) -> None:
    """Export a network with its labels."""
    if weights.is_dir():
        _export_opendr(weights, model, early_exit, vote)
    else:
        _export_own(weights, model, early_exit)


def _export_own(weights: Path, model: Path, early_exit: bool) -> None:
    state, card = read(weights)
    settings, labels = card["settings"], card["labels"]
    epochs = (1, 1, settings["affect_epochs"])
    made = recipe(settings["network"], len(labels), settings["width"], None, epochs, 0.0)
    load_checkpoint(made.network, state)
    made.network.eval()
    made.export(model, labels, early_exit)


def _export_opendr(folder: Path, model: Path, early_exit: bool, vote: bool) -> None:
    """OpenDR trains on AffectNet, in whose order its labels are, with images as OpenCV reads them."""
    state = read_opendr_folder(folder)
    branches = len({name.split(".")[1] for name in state if name.startswith("convolutional_branches.")})
    network = Esr(len(LABELS), branches, attention=any("cbam" in name for name in state)).eval()
    load_checkpoint(network, state)
    decision: Decision = "vote" if vote else "mean"
    export_esr(network, model, LABELS, ImageFormat(channels="bgr"), decision=decision, early_exit=early_exit)


if __name__ == "__main__":
    run_command(export_weights)
