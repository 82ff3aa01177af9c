"""Compare skeleton networks: `python -m opendr_perception.training.action.clips.compare FILE.json`.

Of each network that `train` has left on joints and on bones: accuracy on held-out people, alone and with both streams
together, the cost of a step, and what a person's state takes.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import torch
import typer
from rich.console import Console
from torch import Tensor, nn

from opendr_perception.files import write_text
from opendr_perception.networks.action.online import CHANNELS, Recurrent
from opendr_perception.networks.action.skeletons import SKELETONS
from opendr_perception.streaming import Streaming
from opendr_perception.streaming.cost import step_macs
from opendr_perception.training.action.clips.data import OWN_FRAMES
from opendr_perception.training.action.clips.models import NETWORKS, STREAMS, WIDTH, ClipShape, Flat, network
from opendr_perception.training.action.clips.train import Scores, read_scores
from opendr_perception.training.body.motion import ACTIONS
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.weights import fill, read

STEPS = 60
"""That are timed."""
DRAWS = 1000
"""Of streams, that say how far a share may be by chance."""
Row = dict[str, float | str | tuple[float, float]]
Floats = npt.NDArray[np.float64]


def accuracies(folder: Path, name: str) -> tuple[Row, Floats]:
    """Share of clips that are right, mean over sources: by each stream that is there, and by both together.

    Of the last of these the 95 % interval is told too, by a bootstrap over streams, each of which shows one person, and
    its draws (DRAWS,): they are of the same streams for all networks. Empty where nothing was trained.
    """
    answers = {}
    for stream in STREAMS:
        path = folder / f"scores-{name}-{stream}.npz"
        if path.is_file():
            answers[stream] = read_scores(path)
    row: Row = {}
    draws: Floats = np.empty(0)
    for stream, found in (*answers.items(), *([("both", _joined(*answers.values()))] if len(answers) > 1 else [])):
        hits = {source: scores.argmax(1) == labels for source, (scores, labels, _) in found.items()}
        row[stream] = round(float(np.mean([some.mean() for some in hits.values()])), 4)
        draws = np.mean([_drawn(hits[source], streams) for source, (_, _, streams) in found.items()], 0)
    if len(draws):
        low, high = np.percentile(draws, (2.5, 97.5)).round(4)
        row["interval"] = float(low), float(high)
    return row, draws


def _joined(*answers: Scores) -> Scores:
    """The probabilities of several networks, summed."""
    return {
        source: (np.sum([each[source][0] for each in answers], 0), labels, streams)
        for source, (_, labels, streams) in answers[0].items()
    }


def _drawn(hits: npt.NDArray[np.bool_], streams: npt.NDArray[np.int64]) -> Floats:
    """The share of hits (n,), in each draw of as many streams as there are."""
    place = np.unique(streams, return_inverse=True)[1]
    right, count = np.bincount(place, hits), np.bincount(place)
    drawn = np.random.default_rng(0).integers(len(count), size=(DRAWS, len(count)))
    shares: Floats = right[drawn].sum(1) / count[drawn].sum(1)
    return shares


def against_best(rows: dict[str, Row], draws: dict[str, Floats]) -> None:
    """Say of each network in how many of the draws it is at least as good as the best one."""
    shares = {name: each.mean() for name, each in draws.items() if len(each)}
    if shares:
        best = draws[max(shares, key=lambda name: shares[name])]
        for name in shares:
            rows[name]["not behind"] = round(float((draws[name] >= best).mean()), 3)


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
    shape = ClipShape(SKELETONS["coco17"].name, 5, OWN_FRAMES, 1, len(ACTIONS), dense=True)
    rows: dict[str, Row] = {}
    draws: dict[str, Floats] = {}
    for name in NETWORKS:
        path = folder / f"{name}-joints.npz"
        made, of_card = network(name, shape, width), {"width": width, "steps": 0}
        if path.is_file():
            state, card = read(path)
            of_card = {"width": card["width"], "steps": card["steps"]}
            made = network(name, shape, card["width"])
            fill(made, state, path)
        right, draws[name] = accuracies(folder, name)
        rows[name] = right | costs(made, shape) | {**of_card}
        console.print(name, rows[name])
    against_best(rows, draws)
    write_text(output, json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    run_command(main)
