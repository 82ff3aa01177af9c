"""Compare skeleton networks: `python -m opendr_perception.training.action.clips.compare FILE.json`.

Of each network that `train` has left on joints and on bones: accuracy on held-out people, alone and with both streams
together, the cost of a step, and what a person's state takes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor, nn

from opendr_perception.arrays import open_arrays
from opendr_perception.files import write_text
from opendr_perception.networks.action.online import CHANNELS, Recurrent
from opendr_perception.networks.action.skeletons import SKELETONS
from opendr_perception.streaming import Streaming
from opendr_perception.streaming.cost import step_macs
from opendr_perception.training.action.clips.data import OWN_FRAMES
from opendr_perception.training.action.clips.models import NETWORKS, STREAMS, WIDTH, ClipShape, Flat, network
from opendr_perception.training.body.motion import ACTIONS
from opendr_perception.training.common.weights import fill, read

STEPS = 60
"""That are timed."""
Row = dict[str, float | str]


def accuracies(folder: Path, name: str) -> Row:
    """Share of clips that are right, mean over sources: by each stream that is there, and by both together."""
    scores, labels = {}, {}
    for stream in STREAMS:
        path = folder / f"scores-{name}-{stream}.npz"
        if path.is_file():
            with open_arrays(path) as arrays:
                kinds = sorted({key.rsplit(" ", 1)[0] for key in arrays})
                scores[stream] = {kind: arrays[f"{kind} scores"] for kind in kinds}
                labels = {kind: arrays[f"{kind} labels"] for kind in kinds}
    row: Row = {stream: _right([found], labels) for stream, found in scores.items()}
    if len(scores) == len(STREAMS):
        row["both"] = _right([*scores.values()], labels)
    return row


def _right(streams: Sequence[dict[str, np.ndarray]], labels: dict[str, np.ndarray]) -> float:
    shares = [
        (sum(stream[kind] for stream in streams).argmax(1) == truth).mean()  # type: ignore[union-attr]
        for kind, truth in labels.items()
    ]
    return round(float(np.mean(shares)), 4)


def costs(trained: nn.Module, shape: ClipShape) -> Row:
    """Parameters, products of a step, the time of one core that it takes, in ms, and bytes of the state of a stream."""
    trained.eval()
    inner = trained.inner if isinstance(trained, Flat) else trained
    row: Row = {"parameters": sum(parameter.numel() for parameter in trained.parameters())}
    if isinstance(inner, Recurrent):
        weights = [one for name, one in inner.named_parameters() if "weight" in name]
        hidden = CHANNELS * (2 if isinstance(inner.cell, nn.LSTM) else 1)
        return row | {
            "macs": sum(one.numel() for one in weights),
            "state": 4 * hidden,
            "ms": _recurrent_ms(inner, shape.features),
        }
    assert isinstance(inner, Streaming)
    frame = (shape.features,) if isinstance(trained, Flat) else (shape.channels, shape.joints, shape.persons)
    streamed = inner.for_inference()
    state = streamed.initial_state(1, frame)
    return row | {
        "macs": step_macs(streamed, frame),
        "state": sum(tensor.numel() * tensor.element_size() for tensor in state),
        "ms": _step_ms(streamed, torch.randn(1, *frame)),
    }


@torch.inference_mode()
def _step_ms(streamed: Streaming, frame: Tensor) -> float:
    state = streamed.initial_state(1, tuple(frame.shape[1:]))
    spent = []
    for number in range(STEPS):
        begin = time.process_time()
        _, state = streamed.step(frame, state, phase=number % streamed.stride)
        spent.append(time.process_time() - begin)
    return round(1e3 * float(np.mean(spent[STEPS // 3 :])), 3)  # a strided network does not do the same in each step


@torch.inference_mode()
def _recurrent_ms(inner: Recurrent, features: int) -> float:
    frame, memory = torch.randn(1, 1, features), None
    spent = []
    for _ in range(STEPS):
        begin = time.process_time()
        hidden, memory = inner.cell(frame, memory)
        inner.classifier(hidden)
        spent.append(time.process_time() - begin)
    return round(1e3 * float(np.mean(spent[STEPS // 3 :])), 3)


def main(
    output: Annotated[Path, typer.Argument(help="The .json file to write.")],
    folder: Annotated[Path, typer.Option(help="Of weights and scores.")] = Path("build/actions/clips"),
    width: Annotated[int, typer.Option(help="Channels of the first blocks, as trained.", min=1)] = WIDTH,
) -> None:
    """Compare all networks, and write down the figures; of those that were not trained, what they cost."""
    torch.set_num_threads(1)
    console = Console()
    shape = ClipShape(SKELETONS["coco17"].name, 5, OWN_FRAMES, 1, len(ACTIONS))
    rows: dict[str, Row] = {}
    for name in NETWORKS:
        path = folder / f"{name}-joints.npz"
        made, of_card = network(name, shape, width), {"width": width, "steps": 0}
        if path.is_file():
            state, card = read(path)
            of_card = {"width": card["width"], "steps": card["steps"]}
            made = network(name, shape, card["width"])
            fill(made, state, path)
        rows[name] = accuracies(folder, name) | costs(made, shape) | {**of_card}
        console.print(name, rows[name])
    write_text(output, json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
