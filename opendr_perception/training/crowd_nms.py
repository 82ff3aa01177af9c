"""Train Seq2Seq-NMS_geom, or FSeq2-NMS with `--features`: `python -m opendr_perception.training.crowd_nms`.

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

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.seq2seq_nms import FSeq2Nms, Seq2SeqNms
from opendr_perception.tasks.detection import PersonDetector
from opendr_perception.training.average_precision import average_precision
from opendr_perception.training.crowd_pictures import HELD_OUT, divide, picture_scenes
from opendr_perception.training.crowds import HARD, STANDARD, Crowd, Scene, make_scene
from opendr_perception.training.nms_examples import Example, class_weights, loss_of, match
from opendr_perception.training.sprites import load_sprites
from opendr_perception.training.weights import save

KEPT = 0.85
"""Share of the candidates that a step sees."""
SHOWN = 250
CHANNELS = 128
"""Of the map of `nanodet-features`."""
SMOOTHING = {False: (0.02, 0.0205), True: (0.001, 0.005)}
"""Of labels, without and with features of the detector."""


@dataclass(frozen=True)
class Settings:
    """What decides the outcome of a training."""

    scenes: int = 1600
    pictures: int = 0
    epochs: int = 5
    rate: float = 2e-4
    seed: int = 1
    features: bool = False


def scenes(seed: int, count: int, crowds: Sequence[Crowd]) -> list[Scene]:
    """So many scenes, of the crowds in turn; each is the same whenever it is asked for."""
    return [make_scene(np.random.default_rng((seed, k)), crowds[k % len(crowds)]) for k in range(count)]


class Trainer:
    """A training.

    Args:
        settings: what to do.
        data: scenes to learn from; those without candidates teach nothing.
        start: a network to go on from; a new one by default.
    """

    def __init__(self, settings: Settings, data: Sequence[Scene], start: Seq2SeqNms | None = None) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        data = [scene for scene in data if len(scene.boxes)]
        self._examples = [Example.of(scene) for scene in data]
        self.network = start or _new_network(settings, self._examples)
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
                kept = self._rng.random(len(self._examples[place].overlaps)) < KEPT
                if not kept.any():
                    continue
                example = self._examples[place].thin(kept)
                logits = example.logits(self.network)
                right = match(logits.detach().numpy(), example.overlaps) >= 0
                loss = loss_of(logits, right, self._weights, self._rng.uniform(*SMOOTHING[settings.features]))
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
    return [(s.boxes, Example.of(s).logits(network).sigmoid().numpy()) for s in data]


def _new_network(settings: Settings, examples: Sequence[Example]) -> Seq2SeqNms:
    if not settings.features:
        return Seq2SeqNms()
    maps = [example.features for example in examples if example.features is not None]
    if not maps:
        raise ValueError("FSeq2-NMS learns from pictures: none of the scenes has a feature map")
    return FSeq2Nms(maps[0].shape[0])


def evaluate(network: Seq2SeqNms, sets: Mapping[str, Sequence[Scene]]) -> dict[str, list[float]]:
    """AP0.5 and AP0.5:0.95, in percent, of each set of scenes."""
    result = {}
    for name, data in sets.items():
        precision = 100 * average_precision(rescore(network, data), [s.people for s in data])
        result[name] = [round(float(precision[0]), 2), round(float(precision.mean()), 2)]
    return result


def real_scenes(model: str, seed: int, count: int, sprites: Path, backgrounds: Path, held_out: bool) -> list[Scene]:
    """What a detector proposes on pictures of people and backgrounds that are held out, or of the others."""
    detector = PersonDetector(Session(zoo.require(model).path, threads=1))
    files = sorted(backgrounds.glob("*.[jp][pn]g"))
    chosen = [cv2.imread(str(file)) for k, file in enumerate(files) if (k % HELD_OUT == 0) == held_out]
    people = divide(load_sprites(sprites), held_out)
    return list(picture_scenes(seed, count, detector, people, [np.asarray(picture, np.uint8) for picture in chosen]))


def load(path: Path, channels: int | None = None) -> Seq2SeqNms:
    """Read a network from its weights, an .npz.

    Args:
        path: the file.
        channels: of the map, to make an FSeq2-NMS of a geometric network, with new layers for the map.
    """
    with np.load(path, allow_pickle=False) as arrays:
        state = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    first = state.get("regions.conv_1.weight")
    if first is not None:
        channels = first.shape[1]
    network = Seq2SeqNms() if channels is None else FSeq2Nms(channels)
    if isinstance(network, FSeq2Nms) and first is None:
        state |= {f"regions.{name}": value for name, value in network.regions.state_dict().items()}
    load_checkpoint(network, state)
    return network.eval()


def main(
    scene_count: Annotated[int, typer.Option("--scenes", help="Scenes of boxes to learn from.")] = Settings.scenes,
    pictures: Annotated[int, typer.Option(help="Pictures to learn from; they need the next two options.")] = 0,
    sprites: Annotated[Path | None, typer.Option(help="Rendered people, from training.sprites.")] = None,
    backgrounds: Annotated[Path | None, typer.Option(help="Directory of pictures without people.")] = None,
    features: Annotated[bool, typer.Option(help="Look at the detector's map: pictures only.")] = False,
    start: Annotated[Path | None, typer.Option(help="Weights (.npz) to go on from.")] = None,
    epochs: Annotated[int, typer.Option(help="How often each is seen.")] = Settings.epochs,
    rate: Annotated[float, typer.Option(help="Highest learning rate.")] = Settings.rate,
    seed: Annotated[int, typer.Option(help="Of everything that is random.")] = Settings.seed,
    output: Annotated[Path, typer.Option(help="Directory of the weights.")] = Path("build/crowd_nms"),
    threads: Annotated[int, typer.Option(help="Of torch.")] = 1,
) -> None:
    """Train, evaluate on held-out scenes, and write `nms-geom.npz`, or `nms-fseq2.npz`, with its card."""
    torch.set_num_threads(threads)
    settings = Settings(0 if features else scene_count, pictures, epochs, rate, seed, features)
    data = scenes(1000 + seed, settings.scenes, [STANDARD, HARD])
    sets: dict[str, list[Scene]] = {}
    if not features:
        sets = {name: scenes(12, 200, [crowd]) for name, crowd in (("standard", STANDARD), ("hard", HARD))}
    console = Console()
    if pictures:
        if sprites is None or backgrounds is None:
            raise typer.BadParameter("--pictures needs --sprites and --backgrounds")
        console.print(f"composing {pictures} pictures")
        model = "nanodet-features" if features else "nanodet"
        data += real_scenes(model, 2000 + seed, pictures, sprites, backgrounds, held_out=False)
        sets["NanoDet on pictures"] = real_scenes(model, 13, 100, sprites, backgrounds, held_out=True)
    trainer = Trainer(settings, data, None if start is None else load(start, CHANNELS if features else None))
    weights = output / f"nms-{'fseq2' if features else 'geom'}.npz"
    begun, losses = time.monotonic(), []
    for step, loss in trainer.run():
        losses.append(loss)
        if step % SHOWN == 0:
            spent = time.monotonic() - begun
            left = spent / step * (epochs * len(data) - step)
            console.print(f"step {step}  loss {np.mean(losses[-SHOWN:]):.4f}  {spent:.0f} s, {left:.0f} to go")
            save(trainer.network, weights, {"settings": asdict(settings), "steps": step})
    result = evaluate(trainer.network, sets)
    console.print(str(result))
    save(trainer.network, weights, _card(settings, trainer.network, result))


def _card(settings: Settings, network: Seq2SeqNms, result: dict[str, list[float]]) -> dict[str, Any]:
    return {
        "network": "FSeq2-NMS, medium" if settings.features else "Seq2Seq-NMS_geom, medium",
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "settings": asdict(settings),
        "python": ".".join(map(str, sys.version_info[:3])),
        "torch": str(torch.__version__),
        "average_precision": {name: dict(zip(("0.5", "0.5:0.95"), pair, strict=True)) for name, pair in result.items()},
    }


if __name__ == "__main__":
    typer.run(main)
