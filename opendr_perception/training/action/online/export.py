"""Write a trained detector as a model for `action_recognition`.

`python -m opendr_perception.training.action.online.export`

Its scores are calibrated by one temperature, fitted on the streams for validation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.engine.export import export
from opendr_perception.networks.action.online import STREAMED, OnlineDetector, head
from opendr_perception.streaming.compose import Sequential
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action.online.data import BLOCKS, WEIGHTS, Streams, Trunk, read_trunk, sources
from opendr_perception.training.body.motion import UNLABELLED
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.weights import fill, read, save

TEMPERATURES = np.exp(np.linspace(-0.7, 1.1, 37))


def detector(weights: Path, trunk: Trunk) -> OnlineDetector:
    """Put a trunk and a trained network over it together.

    Raises:
        ValueError: They do not fit, or the network cannot stream.
    """
    state, card = read(weights)
    if card["network"] not in STREAMED:
        raise ValueError(f"{weights}: {card['network']} is to compare with; {', '.join(STREAMED)} can be exported")
    over = head(card["network"], card["features"], len(card["labels"]), card["window"])
    fill(over, state, weights)
    assert isinstance(over, Sequential)
    whole = OnlineDetector(trunk.lower, over)
    whole.eval()
    return whole


def calibrated(weights: Path, trunk: Trunk, folder: Path) -> tuple[OnlineDetector, float]:
    """A detector whose scores are calibrated on the streams for validation, and its temperature."""
    torch.set_num_threads(1)
    whole = detector(weights, trunk)
    temperature = temperature_of(whole.over, [*sources(folder, "validation").values()])
    with torch.no_grad():
        for parameter in whole.over.get_submodule("classifier").parameters():
            parameter.div_(temperature)
    return whole, temperature


def temperature_of(over: nn.Module, streams: list[Streams]) -> float:
    """The temperature with the smallest cross-entropy of judged frames."""
    logits, targets = [], []
    with torch.inference_mode():
        for some in streams:
            labels = some.labels.astype(np.int64)
            labels[:, : some.unjudged] = UNLABELLED
            answer = over(torch.from_numpy(some.features.astype(np.float32)))
            judged = torch.from_numpy(labels != UNLABELLED)
            count = answer.shape[1] // 2
            logits.append(answer.transpose(1, 2)[judged])
            targets.append(torch.from_numpy(labels + count * some.begun)[judged])
    losses = [_loss(torch.cat(logits), torch.cat(targets), value) for value in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def _loss(logits: Tensor, target: Tensor, temperature: float) -> float:
    return float(F.cross_entropy(logits / temperature, target))


def export_weights(
    weights: Annotated[Path, typer.Argument(help="The .npz of a training.")],
    model: Annotated[Path, typer.Argument(help="The .onnx file to write; weights and card lie beside it.")],
    trunk: Annotated[Path, typer.Option(help="Action network whose trunk is used, an .npz.")] = WEIGHTS,
    blocks: Annotated[int, typer.Option(help="Blocks of its trunk.")] = BLOCKS,
    folder: Annotated[Path, typer.Option(help="Of the features.")] = Path("build/actions/online"),
) -> None:
    """Calibrate a detector, and export one step of it with its labels."""
    below = read_trunk(trunk, blocks)
    whole, temperature = calibrated(weights, below, folder)
    card, lower = read(weights)[1], read(trunk)[1]
    texts = {
        "labels": json.dumps(card["labels"]), "skeleton_version": str(skeleton.VERSION), "terms": lower["terms"],
    }  # fmt: skip
    export(whole, model, softmax=True, metadata=texts)
    more = {
        "terms": lower["terms"], "sources": lower["sources"], "trunk": {"weights": trunk.stem, "blocks": blocks},
        "skeleton": "coco17", "rate": skeleton.RATE, "frames_version": skeleton.VERSION,
        "receptive_field": whole.receptive_field, "temperature": round(temperature, 3),
    }  # fmt: skip
    save(whole, model.with_suffix(".npz"), {**card, **more})
    typer.echo(f"wrote {model}: temperature {temperature:.2f}")


if __name__ == "__main__":
    run_command(export_weights)
