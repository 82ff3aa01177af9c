"""Train the networks that see where people are: `python -m opendr_perception.training.presence.train SPRITES PHOTOS`.

They learn from rendered people, some of whom, as in [Tzelepi 2021], are replaced by real ones: those of the left half
of `vtest.avi` in its first third. The right half of its last third tells how good they are; nobody is in both. Real
people are never stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor
from torch.nn import functional as F

from opendr_perception import zoo
from opendr_perception.arrays import open_arrays
from opendr_perception.networks.human_presence import HumanPresenceNetwork
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import PersonDetector
from opendr_perception.training.common.checkpoint import Resumable
from opendr_perception.training.common.command import Seed, run_command
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.weights import save, versions
from opendr_perception.training.people.sprites import HELD_OUT, divide, load_sprites
from opendr_perception.training.presence.data import Crops, FilmFrames, real, synthetic, watch

SHOWN = 250
"""Steps between two lines of progress, and two checkpoints."""
FILM = "vtest.avi"
THIRD = 265
"""Frames of a third of the film."""
EARLY, LATE = range(0, THIRD, 6), range(2 * THIRD, 3 * THIRD, 6)
FAINT = 0.15
"""Score of the detector below which there is certainly nobody."""
MIDDLE = 384
"""The column that divides the images of the film."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training."""

    architecture: str = "1080p"
    crops: int = 20_000
    real: int = 0  # crops with real people, and as many without
    steps: int = 5000
    batch: int = 64
    rate: float = 4e-3
    seed: int = 1


class Trainer(Resumable):
    """A training that can be interrupted.

    Args:
        settings: what to do.
        crops: what to learn from.
        checkpoint: file of the checkpoint.
    """

    network: HumanPresenceNetwork

    def __init__(self, settings: Settings, crops: Crops, checkpoint: Path) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.crops, self.checkpoint = settings, crops, checkpoint
        self.network = HumanPresenceNetwork(settings.architecture)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster on a CPU
        self.optimizer = torch.optim.AdamW(self.network.parameters(), settings.rate, weight_decay=1e-4)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, settings.rate, total_steps=settings.steps + 1, pct_start=0.1, cycle_momentum=False
        )
        self.step = 0

    def run(self) -> Iterator[tuple[int, float]]:
        """Train to the end; gives after each step its number and loss."""
        self.network.train()
        while self.step < self.settings.steps:
            rng = np.random.default_rng((self.settings.seed, self.step))
            chosen = rng.integers(len(self.crops), size=self.settings.batch)
            images = vary(rng, planes(self.crops.pixels[chosen]))
            labels = torch.from_numpy(self.crops.labels[chosen].astype(np.int64))
            loss = F.cross_entropy(self.network(images)[:, :, 0, 0], labels)
            self.descend(loss)
            yield self.step, loss.item()


def planes(pixels: np.ndarray) -> Tensor:
    """Images (n, H, W, 3) uint8 BGR as the network takes them: (n, 3, H, W) RGB in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pixels[..., ::-1].transpose(0, 3, 1, 2))).float() / 255


def vary(rng: np.random.Generator, images: Tensor) -> Tensor:
    """Flip half of them, take the colours out of some, and change the light of all."""
    flipped = torch.from_numpy(rng.random(len(images)) < 0.5)[:, None, None, None]
    grey = torch.from_numpy(rng.random(len(images)) < 0.2)[:, None, None, None]
    light = torch.from_numpy(rng.uniform(0.7, 1.3, (len(images), 1, 1, 1)).astype(np.float32))
    images = torch.where(flipped, images.flip(3), images)
    return (torch.where(grey, images.mean(1, keepdim=True), images) * light).clamp(0, 1)


@torch.no_grad()
def accuracy(network: HumanPresenceNetwork, sets: Mapping[str, Crops]) -> dict[str, float]:
    """Share of crops of each set that are told right, in percent."""
    network.eval()
    result = {}
    for name, crops in sets.items():
        batches = (crops.pixels[start : start + 256] for start in range(0, len(crops), 256))
        found = torch.cat([network(planes(batch))[:, :, 0, 0].argmax(1) for batch in batches]).numpy()
        result[name] = round(100 * float((found == crops.labels).mean()), 2)
    return result


def read_film(frames: range) -> FilmFrames:
    """Frames of the film, with the people that the zoo's detector finds in them."""
    video = cv2.VideoCapture(str(zoo.fetch([FILM])[0]))
    images, others = [], []
    for number in range(3 * THIRD):
        image = np.asarray(video.read()[1], np.uint8)
        if number in frames:
            images.append(image)
        if number % 30 == 0:
            others.append(image)
    video.release()
    detector = PersonDetector(zoo.session("nanodet", threads=1), FAINT, input_size=768)
    found = [detector([Image(image, "bgr8")])[0] for image in images]
    return watch(images, found, np.median(others, axis=0).astype(np.uint8))


def load(path: Path) -> HumanPresenceNetwork:
    """Read a network from its weights, an .npz; which one it is can be told from them."""
    with open_arrays(path) as arrays:
        state = {name: torch.from_numpy(arrays[name]) for name in arrays}
    network = HumanPresenceNetwork("1080p" if len(state["conv1_1.bias"]) == 8 else "720p")
    network.load_state_dict(state)
    return network.eval()


def main(
    sprites: Annotated[Path, typer.Argument(help="Rendered people, from training.people.sprites.")],
    photographs: Annotated[Path, typer.Argument(help="Directory of images without people.")],
    architecture: Annotated[str, typer.Option(help="1080p or 720p.")] = Settings.architecture,
    real_crops: Annotated[list[int] | None, typer.Option("--real", help="Real people; may be given often.")] = None,
    crops: Annotated[int, typer.Option(help="To learn from, half of them with people.")] = Settings.crops,
    steps: Annotated[int, typer.Option(help="Of each training.")] = Settings.steps,
    seed: Seed = Settings.seed,
    output: Annotated[Path, typer.Option(help="Directory of the weights.")] = Path("build/human_presence"),
) -> None:
    """Train one network for each number of real people, and say how good they are. What was begun is continued."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    console = Console()
    console.print("making crops")
    people, files = load_sprites(sprites), sorted(photographs.glob("*.[jp][pn]g"))
    places = [np.asarray(cv2.imread(str(file)), np.uint8) for file in files]
    known = [place for k, place in enumerate(places) if k % HELD_OUT]
    rendered = synthetic(1000 + seed, crops, divide(people, held_out=False), known)
    street = real(3000 + seed, 2000, read_film(EARLY), (0, MIDDLE))
    sets = {
        "rendered": synthetic(12, 2000, divide(people, held_out=True), places[::HELD_OUT]),
        "real": real(13, 2000, read_film(LATE), (MIDDLE, 2 * MIDDLE)),
    }
    console.print(
        f"{len(rendered)} rendered crops and {len(street)} real ones; held out: {len(sets['real'])} real ones"
    )
    for number in real_crops or [0]:
        settings = Settings(architecture, crops, number, steps, seed=seed)
        name = f"presence-{architecture}-{number}"
        trainer = Trainer(settings, rendered.replaced(street, number), output / f"{name}.pt")
        if trainer.checkpoint.is_file():
            trainer.resume()
        train(trainer, console, SHOWN)
        result = accuracy(trainer.network, sets)
        console.print(f"{name}: {result}")
        save(trainer.network, output / f"{name}.npz", _card(settings, trainer.network, result))


def _card(settings: Settings, network: HumanPresenceNetwork, result: dict[str, float]) -> dict[str, object]:
    return {
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "settings": asdict(settings),
        **versions(),
        "accuracy": result,
    }


if __name__ == "__main__":
    run_command(main)
