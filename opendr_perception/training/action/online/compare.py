"""Measure networks for online detection on held-out people.

`python -m opendr_perception.training.action.online.compare FILE.json`

Each network that was trained answers for every frame of continuous streams. The average precision of each action is
taken over all judged frames of a source of streams, without `unknown`; their mean is the per-frame mAP. The same is
done for the first half second of each action, by the probability that it has just begun.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from opendr_perception.evaluate.measures import average_precision
from opendr_perception.files import write_text
from opendr_perception.networks.action.co_oad_tr import CoOadTr
from opendr_perception.networks.action.online import HEADS, Recurrent, head, parted
from opendr_perception.streaming import Streaming
from opendr_perception.streaming.cost import step_macs
from opendr_perception.streaming.encoder import EncoderLayer
from opendr_perception.training.action.online.data import (
    BLOCKS,
    WEIGHTS,
    Streams,
    Trunk,
    frames_in,
    read_trunk,
    sources,
)
from opendr_perception.training.body.motion import ACTIONS, UNLABELLED
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.weights import fill, read

LEFT_OUT = ("unknown",)
FEWEST = 2.0
"""Seconds of an action in the streams of a source, without which it is not measured there."""
REPEATS = 40

Figures = dict[str, float]
Rows = dict[str, list[float] | float]


def answers(network: nn.Module, streams: Streams) -> Tensor:
    """Probabilities (n, 2 K, T) of each frame of streams."""
    found = []
    with torch.inference_mode():
        for row in range(0, len(streams), 8):
            found.append(network(torch.from_numpy(streams.features[row : row + 8].astype(np.float32))).softmax(1))
    return torch.cat(found)


class Untold(nn.Module):
    """The rest of the network that a trunk is from, which knows nothing of begins."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor) -> Tensor:
        logits = self.network(features)
        return torch.cat([logits, logits - 30], 1)


def measured(network: nn.Module, streams: Streams) -> tuple[float, float]:
    """Per-frame mAP of what goes on, and of what has just begun."""
    going, begins = (part.transpose(1, 2).numpy() for part in parted(answers(network, streams)))
    judged = streams.labels != UNLABELLED
    judged[:, : streams.unjudged] = False
    labels, begun = streams.labels[judged], streams.begun[judged]
    fewest = frames_in(FEWEST, streams.rate)
    precisions: tuple[list[float], list[float]] = ([], [])
    for number, action in enumerate(ACTIONS):
        done = labels == number
        if action in LEFT_OUT or done.sum() < fewest:
            continue
        precisions[0].append(average_precision(going[judged][:, number], done))
        if (done & begun).sum() >= fewest:
            precisions[1].append(average_precision(begins[judged][:, number], done & begun))
    return float(np.mean(precisions[0])), float(np.mean(precisions[1]))


def macs(network: nn.Module, features: int) -> float:
    """Multiply-accumulates of a step."""
    if isinstance(network, Recurrent):
        cell = [one for name, one in network.cell.named_parameters() if "weight" in name]
        local = step_macs(network.local, (features,)) if len(network.local) else 0
        return float(sum(one.numel() for one in [*cell, network.classifier.weight]) + local)
    assert isinstance(network, Streaming)
    return step_macs(network, (features,))


def window_costs(network: CoOadTr, features: int) -> Figures:
    """Compare a step with the same transformer that encodes its window anew: products, time, difference."""
    window = network.encoder.window
    length = window + network.before
    clip = torch.randn(1, features, window + length)
    with torch.inference_mode():
        state = network.initial_state(1)
        for time_index in range(clip.shape[2] - 1):
            _, state = network.step(clip[..., time_index], state)
        last, newest = clip[..., -1], clip[..., -length:]
        stepped, _ = network.step(last, state)
        assert stepped is not None
        apart = float((stepped - network.forward_window(newest, clip.shape[2] - window)).abs().max())
        step = _seconds(lambda: network.step(last, state))
        whole = _seconds(lambda: encoded_whole(network, newest))
    return {
        "step_of_window_macs": step_macs(network, (features,)) / _whole_macs(network, features),
        "step_of_window_time": step / whole,
        "largest_difference": apart,
    }


def encoded_whole(network: CoOadTr, window: Tensor) -> Tensor:
    """Encode as an ordinary encoder does for one answer: the whole window in all layers, then the newest token."""
    tokens = network.tokens(window)
    seen = tokens.new_ones(1, tokens.shape[2], dtype=torch.bool)
    for layer in network.encoder.layers:
        assert isinstance(layer, EncoderLayer)
        tokens = layer.encode(tokens, seen)
    return network.classifier(network.norm(tokens[:, :, -1]))


def _whole_macs(network: CoOadTr, features: int) -> float:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        encoded_whole(network, torch.zeros(1, features, network.encoder.window))
    return counter.get_total_flops() / 2


def _seconds(run: Callable[[], object]) -> float:
    """Median duration of a call."""
    spent = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        run()
        spent.append(time.perf_counter() - begin)
    return float(np.median(spent))


def compared(folder: Path, part: str, seeds: Sequence[int], console: Console, trunk: Trunk) -> dict[str, Rows]:
    """Figures of all networks that were trained, and of that which the trunk is from: mAP by source and seed, costs."""
    streams = sources(folder, part)
    found: dict[str, Rows] = {}
    for name in HEADS:
        paths = [path for seed in seeds if (path := folder / f"{name}-{seed}.npz").is_file()]
        rows: Rows = {}
        for path in paths:
            state, card = read(path)
            network = head(name, card["features"], len(ACTIONS), card["window"])
            fill(network, state, path)
            for source, some in streams.items():
                whole, begins = measured(network, some)
                _of(rows, source).append(round(whole, 4))
                _of(rows, f"{source}, begins").append(round(begins, 4))
            rows |= {"parameters": card["parameters"], "macs": macs(network, card["features"])}
            if isinstance(network, CoOadTr):
                rows |= window_costs(network, card["features"])
        if rows:
            found[name] = rows
    own: Rows = {source: [round(measured(Untold(trunk.rest), some)[0], 4)] for source, some in streams.items()}
    found[trunk.name] = own | {"parameters": sum(each.numel() for each in trunk.rest.parameters())}
    console.print(found)
    return found


def _of(rows: Rows, name: str) -> list[float]:
    several = rows.setdefault(name, [])
    assert isinstance(several, list)
    return several


def main(
    output: Annotated[Path, typer.Argument(help="The .json file to write.")],
    folder: Annotated[Path, typer.Option(help="Of features and weights.")] = Path("build/actions/online"),
    part: Annotated[str, typer.Option(help="validation or test.")] = "test",
    seeds: Annotated[int, typer.Option(help="Trainings of each network.")] = 2,
    trunk: Annotated[Path, typer.Option(help="Action network whose trunk was used, an .npz.")] = WEIGHTS,
    blocks: Annotated[int, typer.Option(help="Blocks of its trunk.")] = BLOCKS,
) -> None:
    """Measure all networks that were trained, and write down the figures."""
    write(output, folder, part, seeds, read_trunk(trunk, blocks))


def write(output: Path, folder: Path, part: str, seeds: int, trunk: Trunk) -> None:
    """Measure the first so many trainings of each network, and write the .json."""
    torch.set_num_threads(1)
    write_text(output, json.dumps(compared(folder, part, range(1, seeds + 1), Console(), trunk), indent=1) + "\n")


if __name__ == "__main__":
    run_command(main)
