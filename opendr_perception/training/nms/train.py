"""Train Seq2Seq-NMS_geom, FSeq2-NMS or GossipNet: `python -m opendr_perception.training.nms.train`.

The network sees the candidates of synthetic crowds (`crowds.py`), and those that NanoDet has on images of rendered
people (`image_sets.py`), one scene per step. Which of a person's boxes is the right one is decided by the network's
own scores, as average precision does. All is drawn from the seed and the number of the step, so that a run that was
interrupted goes on with `--resume` as if nothing had happened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console

from opendr_perception.networks.nms.gossip import GossipNms
from opendr_perception.networks.nms.seq2seq import FSeq2Nms, Seq2SeqNms
from opendr_perception.tasks.nms import MAX_CANDIDATES
from opendr_perception.training.common.checkpoint import Resumable
from opendr_perception.training.common.command import Resume, Seed, Threads, run_command
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.weights import save, versions
from opendr_perception.training.nms.aerial import SEEN, make_aerial
from opendr_perception.training.nms.data import TRAIN, ImageSet
from opendr_perception.training.nms.evaluate import crowd_sets, evaluate, image_sets
from opendr_perception.training.nms.examples import Example, NmsNetwork, class_weights, loss_of, match
from opendr_perception.training.nms.simulate import HARD, STANDARD, CrowdScene, make_scene
from opendr_perception.training.nms.weights import load

KEPT = 0.85
"""Share of the candidates that a step sees."""
SHOWN = 50
"""Steps between two lines of progress, and two checkpoints."""
NAMES = {"seq2seq_geom": "Seq2Seq-NMS_geom, medium", "fseq2": "FSeq2-NMS, medium", "gossip": "GossipNet, 16 rounds"}
COUNTED = 50
"""Scenes by which right and wrong boxes are weighted."""
SMOOTHING = {"seq2seq_geom": (0.02, 0.0205), "fseq2": (0.001, 0.005), "gossip": (0.0, 0.0)}
"""Of labels, by what the network looks at."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training.

    Args:
        kind: seq2seq_geom, gossip, or fseq2, which learns from images only.
        steps: scenes to learn from.
        images: share of them that are images.
        aerial: share of the others that are seen from above, in environments that are learned from.
        rate: highest learning rate.
        most: candidates that a step sees, the best ones; fewer make steps of fseq2 cheaper.
        dropout: of the network; scenes of boxes are never seen twice and need none.
        seed: of everything that is random.
        start: digest of the weights to go on from, if any.
    """

    kind: str = "seq2seq_geom"
    steps: int = 9000
    images: float = 0.0
    aerial: float = 0.0
    rate: float = 2e-4
    most: int = MAX_CANDIDATES
    dropout: float = 0.0
    seed: int = 1
    start: str = ""


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: what to do.
        checkpoint: file of the checkpoint.
        images: scenes of images.
        start: a network to go on from; a new one by default.

    Raises:
        ValueError: what is to be learned from is not there.
    """

    network: NmsNetwork

    def __init__(
        self,
        settings: Settings,
        checkpoint: Path,
        images: Sequence[CrowdScene] = (),
        start: NmsNetwork | None = None,
    ) -> None:
        if settings.kind == "fseq2" and settings.images < 1:
            raise ValueError("fseq2 looks at the detector's map: it learns from images alone (images: 1)")
        if settings.images and not any(len(scene.boxes) for scene in images):
            raise ValueError("there are no images to learn from")
        torch.manual_seed(settings.seed)
        self.settings, self.checkpoint = settings, checkpoint
        self._images = images
        self.network = start or _new_network(settings, images)
        self.optimizer = torch.optim.Adam(
            self.network.parameters(), settings.rate, betas=(0.9, 0.99), eps=1e-9, fused=True
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, settings.rate, total_steps=settings.steps + 1, pct_start=0.1, cycle_momentum=False
        )
        self.step = 0
        counted = [self._scene(np.random.default_rng((settings.seed, 1, k))) for k in range(COUNTED)]
        self._weights = class_weights([(len(s.boxes), len(s.people)) for s in counted])

    def run(self) -> Iterator[tuple[int, float]]:
        """Train to the end; gives after each step its number and loss per box."""
        self.network.train()
        while self.step < self.settings.steps:
            rng = np.random.default_rng((self.settings.seed, 0, self.step))
            torch.manual_seed(int(rng.integers(2**32)))  # of dropout
            example = Example.of(self._scene(rng))
            count = len(example.overlaps)
            kept = (rng.random(count) < KEPT) & (np.arange(count) < self.settings.most)
            kept[0] |= not kept.any()
            example = example.thin(kept)
            logits = example.logits(self.network)
            right = match(logits.detach().numpy(), example.overlaps) >= 0
            loss = loss_of(logits, right, self._weights, rng.uniform(*SMOOTHING[self.settings.kind]))
            self.descend(loss)
            yield self.step, loss.item() / len(right)

    def _scene(self, rng: np.random.Generator) -> CrowdScene:
        """A scene that has candidates: an image, or boxes that are made up."""
        while True:
            if rng.random() < self.settings.images:
                scene = self._images[int(rng.integers(len(self._images)))]
            elif self.settings.aerial and rng.random() < self.settings.aerial:
                scene = make_aerial(rng, SEEN[int(rng.integers(len(SEEN)))])
            else:
                scene = make_scene(rng, STANDARD if rng.random() < 0.5 else HARD)
            if len(scene.boxes):
                return scene


def _new_network(settings: Settings, images: Sequence[CrowdScene]) -> NmsNetwork:
    if settings.kind == "gossip":
        return GossipNms()
    if settings.kind != "fseq2":
        return Seq2SeqNms(dropout=settings.dropout)
    return FSeq2Nms(channels_of(images), dropout=settings.dropout)


def channels_of(images: Sequence[CrowdScene]) -> int:
    """Channels of the detector's map.

    Raises:
        ValueError: the images have none.
    """
    features = images[0].features
    if features is None:
        raise ValueError("the images come without the detector's map, at which fseq2 looks")
    return int(features.values.shape[0])


def main(
    kind: Annotated[str, typer.Option(help="Which network: seq2seq_geom, gossip, or fseq2.")] = Settings.kind,
    images: Annotated[Path | None, typer.Option(help="Folder that training.nms.data has made.")] = None,
    share: Annotated[float, typer.Option(help="Of steps that look at an image.", min=0, max=1)] = Settings.images,
    aerial: Annotated[float, typer.Option(help="Of the other steps, seen from above.", min=0, max=1)] = Settings.aerial,
    start: Annotated[Path | None, typer.Option(help="Weights (.npz) to go on from; geometric ones suit fseq2.")] = None,
    steps: Annotated[int, typer.Option(help="Scenes to learn from.")] = Settings.steps,
    rate: Annotated[float, typer.Option(help="Highest learning rate.")] = Settings.rate,
    most: Annotated[int, typer.Option(help="Candidates that a step sees, the best ones.", min=1)] = Settings.most,
    dropout: Annotated[float, typer.Option(help="Of the network.", min=0, max=1)] = Settings.dropout,
    seed: Seed = Settings.seed,
    output: Annotated[Path, typer.Option(help="Directory of checkpoint and weights.")] = Path("build/crowd_nms"),
    resume: Resume = False,
    threads: Threads = 1,
) -> None:
    """Train, evaluate on other scenes, and write `nms-geom.npz`, `nms-gossip.npz` or `nms-fseq2.npz`, with its card."""
    if kind not in SMOOTHING:
        raise typer.BadParameter(f"kind must be one of {', '.join(SMOOTHING)}, got {kind}")
    if share and images is None:
        raise typer.BadParameter("--share needs --images")
    torch.set_num_threads(threads)
    features, console = kind == "fseq2", Console()
    digest = "" if start is None else hashlib.sha256(start.read_bytes()).hexdigest()
    settings = Settings(kind, steps, share, aerial, rate, most, dropout, seed, digest)
    seen = ImageSet.of(images / TRAIN.name, features) if images else []
    first = None
    if start is not None:
        first = load(start, channels_of(seen) if features else None, dropout)
    trainer = Trainer(settings, output / "checkpoint.pt", seen, first)
    if resume:
        trainer.go_on(console)
    train(trainer, console, SHOWN)
    weights = output / f"nms-{kind.removeprefix('seq2seq_')}.npz"
    save(trainer.network, weights, _card(settings, trainer.network, {}))
    console.print(f"wrote {weights}, which is evaluated now")
    sets = {} if features else crowd_sets()
    if images is not None:
        sets |= image_sets(images, features)
    result = evaluate(trainer.network, sets)
    console.print(str(result))
    save(trainer.network, weights, _card(settings, trainer.network, result))


def _card(settings: Settings, network: NmsNetwork, result: Mapping[str, Sequence[float]]) -> dict[str, object]:
    return {
        "network": NAMES[settings.kind],
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "settings": asdict(settings),
        **versions(),
        "average_precision": {name: dict(zip(("0.5", "0.5:0.95"), pair, strict=True)) for name, pair in result.items()},
    }


if __name__ == "__main__":
    run_command(main)
