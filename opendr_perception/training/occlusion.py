"""Train the networks that clear occluders: `python -m opendr_perception.training.occlusion faces.npz OUTPUT`.

`faces.npz` is what `opendr_perception.sim.render_faces` writes. Every fourth person is held out.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from torch import nn
from torch.nn import functional as F

from opendr_perception import zoo
from opendr_perception.active.occlusion import LARGEST_RATIO, NONE, SIDES, comparable
from opendr_perception.engine.session import Session
from opendr_perception.files import store
from opendr_perception.tasks.face import FaceDetector, Faces
from opendr_perception.tasks.face_geometry import align
from opendr_perception.tasks.image import Image, Pixels
from opendr_perception.tasks.nms import iou
from opendr_perception.training.occluders import draw_occluder, jitter

ATTACHED = 0.12
"""Share of pairs in which the occluder moves with the face."""
SAME_FACE = 0.2
"""Intersection over union from which on a detection is of the face that was covered."""


class DirectionNetwork(nn.Module):
    """D_m: the covered side from features (N, 256, 4, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm2d(256),  # the recogniser's channels differ much in scale
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(4096, 64),
            nn.ReLU(),
            nn.Dropout(0.4),
            nn.Linear(64, len(SIDES)),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (N, 5)."""
        logits: torch.Tensor = self.layers(features)
        return logits


class RatioNetwork(nn.Module):
    """R_m: the rest of the way from crops (N, 96, 96, 6), six channels at once, in a small backbone."""

    def __init__(self) -> None:
        super().__init__()
        widths = (6, 16, 32, 64, 96)
        blocks: list[nn.Module] = []
        for before, after in pairwise(widths):
            blocks += [nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
            blocks += [nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.backbone = nn.Sequential(*blocks)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(96 * 36, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 1))

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Ratios (N,) in [0, LARGEST_RATIO]."""
        planes = crops.permute(0, 3, 1, 2).float() / 127.5 - 1
        return LARGEST_RATIO * torch.sigmoid(self.head(self.backbone(planes))[:, 0])


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
    """Makes samples from pictures of faces.

    Args:
        pictures: (n, H, W, 3) uint8 RGB.
        people: (n,) who is in them.
        seed: of all chance.
    """

    def __init__(self, pictures: np.ndarray, people: np.ndarray, seed: int) -> None:
        self._pictures, self._people = pictures, people
        self._random = np.random.default_rng(seed)
        self._detector = FaceDetector(Session(zoo.require("blazeface").path, threads=1))
        self._features = Session(zoo.require("face-features").path, threads=1)
        self._boxes: dict[int, np.ndarray | None] = {}

    def directions(self, count: int) -> Samples:
        """Features of covered faces, and the covered sides."""
        inputs: list[np.ndarray] = []
        labels: list[float] = []
        people: list[int] = []
        while len(inputs) < count:
            picture, box, person = self._draw()
            thing = draw_occluder(self._random, picture.shape[:2])
            found = self._find(thing.paint(picture, box), box)
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
            picture, box, person = self._draw()
            thing = draw_occluder(self._random, picture.shape[:2], side=int(self._random.integers(NONE)))
            step = thing.coverage * float(self._random.uniform(1 / (1 + LARGEST_RATIO), 1.1))
            ratio = min(max(thing.coverage / step - 1, 0.0), LARGEST_RATIO)
            if self._random.random() < ATTACHED:
                step, ratio = 0.0, LARGEST_RATIO
            crops = []
            for shift in (0.0, step):
                found = self._find(thing.paint(picture, box, shift), box)
                if found is not None:
                    crops.append(comparable(found[0], found[1].detections.boxes[0]))
            if len(crops) == 2:
                inputs.append(np.concatenate(crops, axis=2))
                labels.append(ratio)
                people.append(person)
        return Samples(torch.from_numpy(np.stack(inputs)), torch.tensor(labels), torch.tensor(people))

    def _draw(self) -> tuple[Pixels, np.ndarray, int]:
        while True:
            k = int(self._random.integers(len(self._pictures)))
            if k not in self._boxes:
                (faces,) = self._detector([Image(self._pictures[k], "rgb8")])
                self._boxes[k] = faces.detections.boxes[0] if len(faces) == 1 else None
            if (box := self._boxes[k]) is not None:
                return self._pictures[k], box, int(self._people[k])

    def _find(self, picture: Pixels, box: np.ndarray) -> tuple[Image, Faces] | None:
        image = Image(jitter(self._random, picture), "rgb8")
        (faces,) = self._detector([image])
        near = iou(box, faces.detections.boxes) > SAME_FACE
        return (image, faces[near]) if near.any() else None


def fit(network: nn.Module, samples: Samples, loss: Any, epochs: int, rate: float, batch: int = 64) -> None:
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


def train(
    faces: Annotated[Path, typer.Argument(help="What opendr_perception.sim.render_faces wrote.")],
    output: Annotated[Path, typer.Argument(help="Folder for the two ONNX files.")],
    count: Annotated[int, typer.Option(help="Samples of each network.")] = 6000,
    epochs: Annotated[int, typer.Option(help="Of the ratio network.")] = 30,
    seed: Annotated[int, typer.Option(help="Of all chance.")] = 1,
) -> None:
    """Make samples, train D_m and R_m, and say how well they do on people who were held out."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    with np.load(faces, allow_pickle=False) as data:
        maker = Maker(data["pictures"], data["people"], seed)
    output.mkdir(parents=True, exist_ok=True)

    directions = maker.directions(count)
    direction = DirectionNetwork()
    fit(direction, directions.part(held_out=False), F.cross_entropy, epochs=30, rate=1e-3)
    test = directions.part(held_out=True)
    with torch.no_grad():
        named = direction(test.inputs).argmax(1)
    confusion = np.zeros((len(SIDES), len(SIDES)), int)
    np.add.at(confusion, (test.labels.numpy(), named.numpy()), 1)
    print(f"D_m: {100 * float((named == test.labels).float().mean()):.1f} % of {len(named)}\n{confusion}", flush=True)
    write(
        nn.Sequential(direction, nn.Softmax(1)),
        test.inputs[:1],
        ("features", "probabilities"),
        output / "occlusion-direction.onnx",
    )

    ratios = maker.ratios(count)
    ratio = RatioNetwork()
    fit(ratio, ratios.part(held_out=False), F.l1_loss, epochs, rate=2e-3)
    test = ratios.part(held_out=True)
    with torch.no_grad():
        errors = (ratio(test.inputs) - test.labels).abs()
    free = test.labels < LARGEST_RATIO
    print(
        f"R_m: l1 {float(errors.mean()):.3f}, of ratios up to 1 {float(errors[test.labels <= 1].mean()):.3f}, "
        f"of attached {float(errors[~free].mean()):.3f}; {len(errors)} pairs",
        flush=True,
    )
    write(ratio, test.inputs[:1], ("crops", "ratio"), output / "occlusion-ratio.onnx")


def write(network: nn.Module, example: torch.Tensor, names: tuple[str, str], path: Path) -> None:
    """Export a network for any number of samples."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    torch.onnx.export(
        network.eval(),
        (example,),
        str(unfinished),
        input_names=[names[0]],
        output_names=[names[1]],
        dynamic_axes={name: {0: "N"} for name in names},
        opset_version=17,
        dynamo=False,
    )
    store(unfinished, path)


if __name__ == "__main__":
    typer.run(train)
