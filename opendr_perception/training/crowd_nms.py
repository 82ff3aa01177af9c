"""Train Seq2Seq-NMS_geom: `python -m opendr_perception.training.crowd_nms`.

The network sees the candidates of synthetic crowds (`crowds.py`), and those that NanoDet has on pictures of rendered
people (`crowd_pictures.py`), one scene per step. Which of a person's boxes is the right one is decided by the network's
own scores, as average precision does.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.seq2seq_nms import Graph, Seq2SeqNms
from opendr_perception.tasks.box_graph import BoxGraph, build_graph
from opendr_perception.tasks.detection import PersonDetector
from opendr_perception.tasks.nms import pairwise_iou
from opendr_perception.training.average_precision import average_precision
from opendr_perception.training.crowd_pictures import HELD_OUT, divide, picture_scenes
from opendr_perception.training.crowds import HARD, STANDARD, Crowd, Scene, make_scene
from opendr_perception.training.sprites import load_sprites
from opendr_perception.training.weights import save

ALPHA = 0.1
"""Share of the whole weight that the right boxes have."""
KEPT = 0.85
"""Share of the candidates that a step sees."""
SHOWN = 250


@dataclass(frozen=True)
class Settings:
    """What decides the outcome of a training."""

    scenes: int = 1600
    pictures: int = 0
    epochs: int = 5
    rate: float = 2e-4
    seed: int = 1


def scenes(seed: int, count: int, crowds: Sequence[Crowd]) -> list[Scene]:
    """So many scenes, of the crowds in turn; each is the same whenever it is asked for."""
    return [make_scene(np.random.default_rng((seed, k)), crowds[k % len(crowds)]) for k in range(count)]


def as_tensors(graph: BoxGraph) -> Graph:
    """The graph for torch."""
    return Graph(*(torch.from_numpy(getattr(graph, name)) for name in Graph._fields))


def thin(graph: Graph, kept: np.ndarray) -> Graph:
    """The graph of some of the boxes, by a mask (N,)."""
    mask = torch.from_numpy(kept)
    number = mask.cumsum(0) - 1
    edges = mask[graph.rows] & mask[graph.columns]
    rows, columns = number[graph.rows[edges]], number[graph.columns[edges]]
    return Graph(graph.queries[mask], graph.keys[edges], rows, columns, graph.weights[edges])


def match(scores: np.ndarray, overlaps: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Which boxes are right: asked by descending score, each takes the free person whom it overlaps most.

    Args:
        scores: (N,) that the network gives now.
        overlaps: (N, G) intersection over union with people.
        threshold: that the overlap must exceed.

    Returns:
        (N,) bool.
    """
    right = np.zeros(len(scores), bool)
    left = np.where(overlaps > threshold, overlaps, 0.0)
    for place in np.argsort(-scores, kind="stable"):
        if left.shape[1] and left[place].max() > 0:
            right[place] = True
            left[:, left[place].argmax()] = 0
    return right


def class_weights(counts: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Weights of right and of wrong boxes, from the numbers of candidates and people of each picture."""
    right = sum(min(boxes, people) for boxes, people in counts)
    wrong = sum(max(0, boxes - people) for boxes, people in counts)
    return ALPHA * (right + wrong) / max(right, 1), (1 - ALPHA) * (right + wrong) / max(wrong, 1)


def loss_of(logits: Tensor, right: np.ndarray, weights: tuple[float, float], smoothing: float) -> Tensor:
    """Weighted binary cross entropy, summed over the boxes."""
    targets = torch.from_numpy(right.astype(np.float32))
    weight = torch.where(targets > 0, *weights)
    smooth = targets * (1 - 2 * smoothing) + smoothing
    probabilities = logits.sigmoid().clamp(0.001, 0.999)
    return torch.nn.functional.binary_cross_entropy(probabilities, smooth, weight, reduction="sum")


class Trainer:
    """A training of the geometric network.

    Args:
        settings: what to do.
        data: scenes to learn from; those without candidates teach nothing.
        start: a network to go on from.
    """

    def __init__(self, settings: Settings, data: Sequence[Scene], start: Seq2SeqNms | None = None) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.network = start or Seq2SeqNms()
        data = [scene for scene in data if len(scene.boxes)]
        self._examples = [
            (as_tensors(build_graph(s.boxes, s.scores, s.size)), pairwise_iou(s.boxes, s.people)) for s in data
        ]
        self._weights = class_weights([(len(s.boxes), len(s.people)) for s in data])
        self._rng = np.random.default_rng((settings.seed, 1))

    def run(self) -> Iterator[tuple[int, float]]:
        """Train to the end; gives after each step its number and loss per box."""
        self.network.train()
        settings = self.settings
        steps = settings.epochs * len(self._examples)
        optimizer = torch.optim.Adam(self.network.parameters(), settings.rate, betas=(0.9, 0.99), eps=1e-9)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, settings.rate, total_steps=steps + 1, pct_start=0.1, anneal_strategy="cos", cycle_momentum=False
        )
        step = 0
        for _ in range(settings.epochs):
            for place in self._rng.permutation(len(self._examples)):
                graph, overlaps = self._examples[place]
                kept = self._rng.random(len(overlaps)) < KEPT
                if not kept.any():
                    continue
                logits = self.network(thin(graph, kept))
                right = match(logits.detach().numpy(), overlaps[kept])
                loss = loss_of(logits, right, self._weights, self._rng.uniform(0.02, 0.0205))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                step += 1
                yield step, loss.item() / len(right)


@torch.no_grad()
def rescore(network: Seq2SeqNms, data: Sequence[Scene]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The candidates of scenes with the network's scores."""
    network.eval()
    graphs = (as_tensors(build_graph(s.boxes, s.scores, s.size)) for s in data)
    return [(s.boxes, network(graph).sigmoid().numpy()) for s, graph in zip(data, graphs, strict=True)]


def evaluate(network: Seq2SeqNms, sets: Mapping[str, Sequence[Scene]]) -> dict[str, list[float]]:
    """AP0.5 and AP0.5:0.95, in percent, of each set of scenes."""
    result = {}
    for name, data in sets.items():
        precision = 100 * average_precision(rescore(network, data), [s.people for s in data])
        result[name] = [round(float(precision[0]), 2), round(float(precision.mean()), 2)]
    return result


def real_scenes(seed: int, count: int, sprites: Path, backgrounds: Path, held_out: bool) -> list[Scene]:
    """What NanoDet proposes on pictures of people and backgrounds that are held out, or of the others."""
    detector = PersonDetector(Session(zoo.require("nanodet").path, threads=1))
    files = sorted(backgrounds.glob("*.[jp][pn]g"))
    chosen = [cv2.imread(str(file)) for k, file in enumerate(files) if (k % HELD_OUT == 0) == held_out]
    people = divide(load_sprites(sprites), held_out)
    return list(picture_scenes(seed, count, detector, people, [np.asarray(picture, np.uint8) for picture in chosen]))


def load(path: Path) -> Seq2SeqNms:
    """Read a network from its weights, an .npz."""
    with np.load(path, allow_pickle=False) as arrays:
        state = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    network = Seq2SeqNms()
    load_checkpoint(network, state)
    return network.eval()


def main(
    scene_count: Annotated[int, typer.Option("--scenes", help="Scenes of boxes to learn from.")] = Settings.scenes,
    pictures: Annotated[int, typer.Option(help="Pictures to learn from; they need the other two options.")] = 0,
    sprites: Annotated[Path | None, typer.Option(help="Rendered people, from training.sprites.")] = None,
    backgrounds: Annotated[Path | None, typer.Option(help="Directory of pictures without people.")] = None,
    start: Annotated[Path | None, typer.Option(help="Weights (.npz) to go on from.")] = None,
    epochs: Annotated[int, typer.Option(help="How often each is seen.")] = Settings.epochs,
    rate: Annotated[float, typer.Option(help="Highest learning rate.")] = Settings.rate,
    seed: Annotated[int, typer.Option(help="Of everything that is random.")] = Settings.seed,
    output: Annotated[Path, typer.Option(help="Directory of the weights.")] = Path("build/crowd_nms"),
    threads: Annotated[int, typer.Option(help="Of torch.")] = 1,
) -> None:
    """Train, evaluate on held-out scenes, and write `nms-geom.npz` with its card."""
    torch.set_num_threads(threads)
    settings = Settings(scene_count, pictures, epochs, rate, seed)
    console = Console()
    data = scenes(1000 + seed, scene_count, [STANDARD, HARD])
    sets = {name: scenes(12, 200, [crowd]) for name, crowd in (("standard", STANDARD), ("hard", HARD))}
    if pictures:
        if sprites is None or backgrounds is None:
            raise typer.BadParameter("--pictures needs --sprites and --backgrounds")
        console.print(f"composing {pictures} pictures")
        data += real_scenes(2000 + seed, pictures, sprites, backgrounds, held_out=False)
        sets["NanoDet on pictures"] = real_scenes(13, 100, sprites, backgrounds, held_out=True)
    trainer = Trainer(settings, data, None if start is None else load(start))
    begun, losses = time.monotonic(), []
    for step, loss in trainer.run():
        losses.append(loss)
        if step % SHOWN == 0:
            spent = time.monotonic() - begun
            left = spent / step * (epochs * len(data) - step)
            console.print(f"step {step}  loss {np.mean(losses[-SHOWN:]):.4f}  {spent:.0f} s, {left:.0f} to go")
            save(trainer.network, output / "nms-geom.npz", {"settings": asdict(settings), "steps": step})
    result = evaluate(trainer.network, sets)
    console.print(str(result))
    save(trainer.network, output / "nms-geom.npz", _card(settings, trainer.network, result))


def _card(settings: Settings, network: Seq2SeqNms, result: dict[str, list[float]]) -> dict[str, Any]:
    return {
        "network": "Seq2Seq-NMS_geom, medium",
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "settings": asdict(settings),
        "python": ".".join(map(str, sys.version_info[:3])),
        "torch": str(torch.__version__),
        "average_precision": {name: dict(zip(("0.5", "0.5:0.95"), pair, strict=True)) for name, pair in result.items()},
    }


if __name__ == "__main__":
    typer.run(main)
