"""Train the networks that clear occluders.

`python -m opendr_perception.training.view.train_occlusion direction faces.npz X.onnx`

`faces.npz` is what `opendr_perception.training.view.render_faces` writes. Every fourth person is held out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import torch
import typer
from torch import nn
from torch.nn import functional as F

from opendr_perception import zoo
from opendr_perception.active.policies import LARGEST_RATIO, NONE, SIDES, comparable
from opendr_perception.arrays import open_arrays
from opendr_perception.engine.export import write_onnx
from opendr_perception.networks.view.occlusion import DirectionNetwork, RatioNetwork
from opendr_perception.tasks.face import FaceDetector, Faces, align
from opendr_perception.tasks.imaging import Image, Pixels, crop_resize, square
from opendr_perception.tasks.nms import iou
from opendr_perception.training.common.command import run_command
from opendr_perception.training.view.occluders import draw_occluder, jitter

ATTACHED = 0.12
"""Share of pairs in which the occluder moves with the face."""
PORTRAITS = ("astronaut.png", *(f"group-{number}.jpg" for number in range(1, 7)))
SIDE = 224
SMALLEST = 36
"""Pixels of a face in the sample images that is good enough."""
SAME_FACE = 0.2
"""Intersection over union from which on a detection is of the face that was covered."""


@dataclass(frozen=True)
class Samples:
    """Inputs and labels, and who is in them."""

    inputs: torch.Tensor
    labels: torch.Tensor
    people: torch.Tensor

    def part(self, held_out: bool) -> Samples:
        chosen = (self.people % 4 == 3) == held_out
        return Samples(self.inputs[chosen], self.labels[chosen], self.people[chosen])


class Maker:
    """Makes samples from images of faces.

    Args:
        images: (n, H, W, 3) uint8 RGB.
        people: (n,) who is in them.
        seed: of all chance.
    """

    def __init__(self, images: np.ndarray, people: np.ndarray, seed: int) -> None:
        self._images, self._people = images, people
        self._random = np.random.default_rng(seed)
        self._detector = FaceDetector(zoo.session("blazeface", threads=1))
        self._features = zoo.session("face-features", threads=1)
        self._boxes: dict[int, np.ndarray | None] = {}

    def directions(self, count: int) -> Samples:
        """Features of covered faces, and the covered sides."""
        inputs: list[np.ndarray] = []
        labels: list[float] = []
        people: list[int] = []
        while len(inputs) < count:
            pixels, box, person = self._draw()
            thing = draw_occluder(self._random, pixels.shape[:2])
            found = self._find(thing.paint(pixels, box), box)
            if found is not None:
                image, faces = found
                crop = align(image, faces.landmarks[0])
                inputs.append(self._features.run({"image": crop[None]})["features"][0])
                labels.append(thing.side)
                people.append(person)
        return Samples(torch.from_numpy(np.stack(inputs)), torch.tensor(labels).long(), torch.tensor(people))

    def ratios(self, count: int) -> Samples:
        """Pairs of crops, and how much of the step between them is still to go."""
        inputs: list[np.ndarray] = []
        labels: list[float] = []
        people: list[int] = []
        while len(inputs) < count:
            pixels, box, person = self._draw()
            thing = draw_occluder(self._random, pixels.shape[:2], side=int(self._random.integers(NONE)))
            step = thing.coverage * float(self._random.uniform(1 / (1 + LARGEST_RATIO), 1.1))
            ratio = min(max(thing.coverage / step - 1, 0.0), LARGEST_RATIO)
            if self._random.random() < ATTACHED:
                step, ratio = 0.0, LARGEST_RATIO
            crops = []
            for shift in (0.0, step):
                found = self._find(thing.paint(pixels, box, shift), box)
                if found is not None:
                    crops.append(comparable(found[0], found[1].detections.boxes[0]))
            if len(crops) == 2:
                inputs.append(np.concatenate(crops, axis=2))
                labels.append(ratio)
                people.append(person)
        return Samples(torch.from_numpy(np.stack(inputs)), torch.tensor(labels), torch.tensor(people))

    def _draw(self) -> tuple[Pixels, np.ndarray, int]:
        while True:
            k = int(self._random.integers(len(self._images)))
            if k not in self._boxes:
                (faces,) = self._detector([Image(self._images[k], "rgb8")])
                self._boxes[k] = faces.detections.boxes[0] if len(faces) == 1 else None
            if (box := self._boxes[k]) is not None:
                return self._images[k], box, int(self._people[k])

    def _find(self, pixels: Pixels, box: np.ndarray) -> tuple[Image, Faces] | None:
        image = Image(jitter(self._random, pixels), "rgb8")
        (faces,) = self._detector([image])
        near = iou(box, faces.detections.boxes) > SAME_FACE
        return (image, faces[near]) if near.any() else None


def fit(
    network: nn.Module,
    samples: Samples,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    epochs: int,
    rate: float,
    batch: int = 64,
) -> None:
    """Train with Adam and a cosine schedule."""
    optimiser = torch.optim.Adam(network.parameters(), rate, weight_decay=1e-4)
    steps = epochs * (len(samples.labels) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    network.train()
    for epoch in range(epochs):
        order, total = torch.randperm(len(samples.labels)), 0.0
        for start in range(0, len(order) - batch + 1, batch):
            chosen = order[start : start + batch]
            value = loss(network(samples.inputs[chosen]), samples.labels[chosen])
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            schedule.step()
            total += value.item()
        print(f"epoch {epoch + 1} of {epochs}: loss {total / (len(order) // batch):.3f}", flush=True)
    network.eval()


def portraits() -> tuple[np.ndarray, np.ndarray]:
    """Faces of the zoo's sample images (n, 224, 224, 3), and a number for each: rendered people alone do not teach
    what real faces look like that nothing covers."""
    zoo.fetch(PORTRAITS)
    detector = FaceDetector(zoo.session("blazeface", threads=1))
    found = []
    for name in PORTRAITS:
        image = np.asarray(cv2.imread(str(zoo.sample(name))))
        (faces,) = detector([Image(image, "bgr8")])
        for box in faces.detections.boxes:
            if (box[2:] - box[:2]).max() >= SMALLEST:
                found.append(crop_resize(Image(image, "bgr8"), square(box, 3.0), (SIDE, SIDE), "rgb")[0])
    return np.stack(found), np.arange(len(found))


def train(
    network: Annotated[str, typer.Argument(help="direction (D_m) or ratio (R_m).")],
    faces: Annotated[Path, typer.Argument(help="What opendr_perception.training.view.render_faces wrote.")],
    output: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    count: Annotated[int, typer.Option(help="Samples of rendered faces.")] = 3000,
    real: Annotated[int, typer.Option(help="Samples of faces of the sample images.")] = 1500,
    epochs: Annotated[int, typer.Option(help="Of the training.")] = 30,
    seed: Annotated[int, typer.Option(help="Of all chance.")] = 1,
) -> None:
    """Make samples, train one network, and say how well it does on people who were held out."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    with open_arrays(faces) as data:
        makers = [Maker(data["images"], data["people"], seed), Maker(*portraits(), seed + 1)]
    if network == "direction":
        samples = [maker.directions(number) for maker, number in zip(makers, (count, real), strict=True)]
        trained: nn.Module = DirectionNetwork(len(SIDES))
        fit(trained, joined(samples), F.cross_entropy, epochs, rate=5e-4)
        result: nn.Module = nn.Sequential(trained, nn.Softmax(1))
        names = ("features", "probabilities")
    elif network == "ratio":
        samples = [maker.ratios(number) for maker, number in zip(makers, (count, real), strict=True)]
        result = trained = RatioNetwork(LARGEST_RATIO)
        fit(trained, joined(samples), F.l1_loss, epochs, rate=2e-3)
        names = ("crops", "ratio")
    else:
        raise typer.BadParameter(f"network must be direction or ratio, got '{network}'")
    for kind, part in zip(("rendered", "real"), samples, strict=True):
        report(kind, result, part.part(held_out=True))
    output.parent.mkdir(parents=True, exist_ok=True)
    write(result, samples[0].inputs[:1], names, output)


def joined(samples: Sequence[Samples]) -> Samples:
    """Join the parts of several samples that are not held out."""
    parts = [part.part(held_out=False) for part in samples]
    return Samples(*(torch.cat([getattr(part, name) for part in parts]) for name in ("inputs", "labels", "people")))


def report(kind: str, network: nn.Module, test: Samples) -> None:
    """Say how well a network does on samples that it has not seen."""
    with torch.no_grad():
        found = network(test.inputs)
    if found.ndim == 2:
        confusion = np.zeros((len(SIDES), len(SIDES)), int)
        np.add.at(confusion, (test.labels.numpy(), found.argmax(1).numpy()), 1)
        print(f"{kind}: {100 * np.trace(confusion) / len(found):.1f} % of {len(found)}\n{confusion}", flush=True)
        return
    errors, attached = (found - test.labels).abs(), test.labels == LARGEST_RATIO
    print(
        f"{kind}: l1 {errors.mean():.3f}, up to a ratio of 1 {errors[test.labels <= 1].mean():.3f}, "
        f"attached {errors[attached].mean():.3f}; {len(errors)} pairs",
        flush=True,
    )


def write(network: nn.Module, example: torch.Tensor, names: tuple[str, str], path: Path) -> None:
    """Export a network for any number of samples."""
    write_onnx(network, path, {names[0]: example}, names[1:], {name: {0: "N"} for name in names})


if __name__ == "__main__":
    run_command(train)
