"""Measure how the network for single frames errs: `python -m opendr_perception.training.emotion.temporal.noise`.

On a face that does not change, its answers should not change either. There are two kinds of recordings: still faces,
whose boxes are moved here as a detector moves them from frame to frame; and a film of a man who talks, where the slow
part of what the network says is taken to be true. Both come with the packages that the models come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
import yaml

from opendr_perception import zoo
from opendr_perception.files import write_text
from opendr_perception.tasks.emotion import LEAST, ExpressionNet
from opendr_perception.tasks.face import FaceDetector
from opendr_perception.tasks.imaging import Image, Pixels, crop_resize
from opendr_perception.training.common.command import run_command

MEASURED = Path(__file__).with_name("expression_noise.yaml")

STILLS = tuple(f"group-{number}.jpg" for number in range(1, 7))
FILM = "carphone_pristine.mp4"

SLOW = 15
"""Frames over whose median a film's expression is taken to be the true one: half a second."""

REPEATS = 30
"""Views of each still face."""


@dataclass(frozen=True)
class ExpressionNoise:
    """Noise of the network for single frames on a face that stays as it is.

    Attributes:
        calm: Standard deviation of log-probabilities on still faces, whose boxes move as a detector's do.
        restless: The same on a man who talks.
        correlation: Of the errors of frames 1/30 s apart.
        glitches: Per second, in which another expression wins.
        glitch_length: Mean seconds that they last.
        views: Standard deviation on still faces, by what is done to the view: for comparison.
    """

    calm: float
    restless: float
    correlation: float
    glitches: float
    glitch_length: float
    views: Mapping[str, float]


def read_noise(path: Path = MEASURED) -> ExpressionNoise:
    """Read the measured noise."""
    return ExpressionNoise(**yaml.safe_load(path.read_text(encoding="utf-8")))


class Watcher:
    """Detects faces, and tells what a network for single frames says about crops.

    Args:
        model: the network, by its name in the zoo or as a file.
    """

    def __init__(self, model: str) -> None:
        self._detector = FaceDetector(zoo.session("blazeface", threads=1))
        self._session = zoo.session(model, threads=1)
        self._net = ExpressionNet(self._session)

    def boxes(self, image: Image, smallest: float = 40.0) -> np.ndarray:
        """Boxes (n, 4) of the faces of this size in pixels."""
        boxes = self._detector([image])[0].detections.boxes
        kept: np.ndarray = boxes[(boxes[:, 2:] - boxes[:, :2]).max(1) >= smallest]
        return kept

    def crop(self, image: Image, box: np.ndarray) -> Pixels:
        """A face (H, W, 3) RGB as the network takes it."""
        return crop_resize(image, self._net.crop.around(box), self._net.size, "rgb")[0]

    def probabilities(self, crops: Sequence[Pixels]) -> np.ndarray:
        """(n, 7) of crops."""
        return self._session.run_batch({"image": np.stack(crops)})["probabilities"]

    def logits(self, crops: Sequence[Pixels]) -> np.ndarray:
        """(n, 7) log-probabilities of crops, around 0."""
        return _logits(self.probabilities(crops))


@dataclass(frozen=True)
class WatchedFilm:
    """The face of the film: boxes (T, 4), and probabilities (T, 7) of single frames."""

    boxes: np.ndarray
    probabilities: np.ndarray


def watch_film(watcher: Watcher) -> WatchedFilm:
    """Look at every frame of the film."""
    capture = cv2.VideoCapture(str(zoo.sample(FILM)))
    boxes, crops = [], []
    while capture.grab():
        image = Image(np.asarray(capture.retrieve()[1], np.uint8), "bgr8")
        boxes.append(watcher.boxes(image)[0])
        crops.append(watcher.crop(image, boxes[-1]))
    capture.release()
    return WatchedFilm(np.stack(boxes), watcher.probabilities(crops))


def measure(watcher: Watcher, rng: np.random.Generator) -> ExpressionNoise:
    """Measure the noise on the film and on the still faces."""
    film = watch_film(watcher)
    logits = _logits(film.probabilities)
    slow = _running_median(logits)
    error = logits - slow
    glitches = _runs(film.probabilities.argmax(1) != slow.argmax(1))
    trembling = _trembling(film.boxes)
    faces = [(image, box) for image in map(_still, STILLS) for box in watcher.boxes(image)]
    calm = [watcher.logits(list(_moved(watcher, rng, image, box, *trembling))) for image, box in faces]
    return ExpressionNoise(
        calm=_round(np.std(np.concatenate([found - found.mean(0) for found in calm]))),
        restless=_round(error.std()),
        correlation=_round(np.corrcoef(error[:-1].ravel(), error[1:].ravel())[0, 1]),
        glitches=_round(len(glitches) / len(error) * 30),
        glitch_length=_round(np.mean(glitches) / 30),
        views={name: _round(_spread(watcher, faces, change)) for name, change in views(watcher, rng).items()},
    )


def views(watcher: Watcher, rng: np.random.Generator) -> Mapping[str, Callable[[Image, np.ndarray], list[Pixels]]]:
    """Alterations of a face, by name: each makes some crops of it."""

    def shift(image: Image, box: np.ndarray) -> list[Pixels]:
        return list(_moved(watcher, rng, image, box, 0.03, 0.0))

    def scale(image: Image, box: np.ndarray) -> list[Pixels]:
        return list(_moved(watcher, rng, image, box, 0.0, 0.03))

    def blur(image: Image, box: np.ndarray) -> list[Pixels]:
        crop = watcher.crop(image, box)
        unit = len(crop) / 112  # pixels of a crop of this side
        return [np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma * unit), np.uint8) for sigma in (1.0, 1.5, 2.0)]

    def brightness(image: Image, box: np.ndarray) -> list[Pixels]:
        crop = watcher.crop(image, box).astype(np.float64)
        return [np.clip(crop * gain, 0, 255).astype(np.uint8) for gain in (0.7, 0.85, 1.15, 1.3)]

    def yaw(image: Image, box: np.ndarray) -> list[Pixels]:
        crop = watcher.crop(image, box)
        return [_turned(crop, share) for share in (-0.1, -0.05, 0.05, 0.1)]

    return {
        "box moved by 3 %": shift,
        "box scaled by 3 %": scale,
        "blurred by 1 to 2 pixels of 112": blur,
        "brightness by 15 and 30 %": brightness,
        "turned, as a plane": yaw,
    }


def _spread(
    watcher: Watcher,
    faces: Sequence[tuple[Image, np.ndarray]],
    change: Callable[[Image, np.ndarray], list[Pixels]],
) -> float:
    errors = [watcher.logits(change(image, box)) - watcher.logits([watcher.crop(image, box)]) for image, box in faces]
    return float(np.sqrt(np.square(np.concatenate(errors)).mean()))


def _moved(
    watcher: Watcher,
    rng: np.random.Generator,
    image: Image,
    box: np.ndarray,
    by: float,
    scale: float,
    repeats: int = REPEATS,
) -> list[Pixels]:
    """Crops of a face whose box moves and grows by shares of its side."""
    side = float((box[2:] - box[:2]).max())
    shifts = np.tile(rng.normal(0, by, (repeats, 2)), 2)
    growth = rng.normal(0, scale, (repeats, 1)) / 2 * np.array([-1.0, -1.0, 1.0, 1.0])
    return [watcher.crop(image, box + side * change) for change in shifts + growth]


def _turned(crop: Pixels, share: float) -> Pixels:
    """A crop as if its plane were turned about the vertical: one side becomes shorter by twice the share."""
    side = len(crop)
    left, right = side * max(share, 0.0), side * max(-share, 0.0)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * side
    moved = corners + np.array([[left, left], [-right, right], [-right, -right], [left, -left]], np.float32)
    projection = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return np.asarray(cv2.warpPerspective(crop, projection, (side, side)), np.uint8)


def _trembling(boxes: np.ndarray) -> tuple[float, float]:
    """Jitter of a detector's boxes from frame to frame in place and size, as shares of their side."""
    side = (boxes[:, 2:] - boxes[:, :2]).max(1)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    moving = (centre - _running_median(centre, 9)) / side[:, None]
    growing = (side - _running_median(side[:, None], 9)[:, 0]) / side
    return float(moving.std()), float(growing.std())


def _running_median(values: np.ndarray, width: int = SLOW) -> np.ndarray:
    half = width // 2
    return np.stack([np.median(values[max(0, k - half) : k + half + 1], axis=0) for k in range(len(values))])


def _runs(flags: np.ndarray) -> np.ndarray:
    """Lengths of the runs of True in (T,) flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    lengths: np.ndarray = edges[1::2] - edges[::2]
    return lengths


def _logits(probabilities: np.ndarray) -> np.ndarray:
    logits = np.log(np.maximum(probabilities, LEAST))
    centred: np.ndarray = logits - logits.mean(1, keepdims=True)
    return centred


def _still(name: str) -> Image:
    return Image(np.asarray(cv2.imread(str(zoo.sample(name))), np.uint8), "bgr8")


def _round(value: float) -> float:
    return round(float(value), 3)


def main(
    model: Annotated[str, typer.Option(help="The network for single frames.")] = "expression-research",
    output: Annotated[Path, typer.Option(help="The .yaml to write.")] = MEASURED,
    seed: Annotated[int, typer.Option(help="Of the boxes' movements.")] = 1,
) -> None:
    """Measure, and write what was found."""
    zoo.fetch([FILM, *STILLS])
    noise = measure(Watcher(model), np.random.default_rng(seed))
    write_text(output, yaml.safe_dump(asdict(noise), sort_keys=False))
    typer.echo(output.read_text(encoding="utf-8"))


if __name__ == "__main__":
    run_command(main)
