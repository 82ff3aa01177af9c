"""Sets of images of crowds as the detector sees them, on disk: `python -m opendr_perception.training.nms.data`.

To compose images and to run the detector on them is the costly part of a training that looks at images. It is done
once; what was finished before an interruption is not done again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
import yaml
from rich.progress import track

from opendr_perception import zoo
from opendr_perception.arrays import open_arrays
from opendr_perception.files import replacing, write_text
from opendr_perception.tasks.nms import FeatureMap
from opendr_perception.tasks.people import PersonDetector
from opendr_perception.training.common.command import run_command
from opendr_perception.training.nms.render import (
    CrowdImage,
    compose,
    estrange,
    propose,
    random_camera,
)
from opendr_perception.training.nms.simulate import STANDARD, CrowdScene
from opendr_perception.training.people.sprites import HELD_OUT, Sprite, divide, load_sprites

DETECTOR = "nanodet-features"
SETTINGS = "settings.yaml"


@dataclass(frozen=True)
class SceneSet:
    """One of the sets.

    Args:
        name: of its folder.
        seed: of its scenes.
        held_out: of bodies and photographs that are held out.
        strange: images look like none that were trained on.
    """

    name: str
    seed: int
    held_out: bool = False
    strange: bool = False


TRAIN = SceneSet("train", 2001)
VALIDATION = SceneSet("validation", 14)
TEST = SceneSet("held-out", 13, held_out=True)
SHIFTED = SceneSet("shifted", 13, held_out=True, strange=True)


@dataclass(frozen=True)
class ImageSet(Sequence[CrowdScene]):
    """The scenes of a folder, read when they are asked for.

    Args:
        files: one for each image.
        features: read the detector's maps too.
    """

    files: tuple[Path, ...]
    features: bool = False

    @classmethod
    def of(cls, folder: Path, features: bool = False) -> ImageSet:
        """All images of a folder.

        Raises:
            ValueError: there are none.
        """
        files = tuple(sorted(folder.glob("[0-9]*.npz")))
        if not files:
            raise ValueError(f"{folder} has no images: run python -m opendr_perception.training.nms.data first")
        return cls(files, features)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> CrowdScene:  # type: ignore[override]
        return read_scene(self.files[index], self.features)

    def __iter__(self) -> Iterator[CrowdScene]:
        return (read_scene(file, self.features) for file in self.files)


def write_scene(path: Path, scene: CrowdScene) -> None:
    """Write a scene as a whole or not at all; maps with half precision."""
    arrays = {"people": scene.people, "visible": scene.visible, "boxes": scene.boxes, "scores": scene.scores}
    arrays["size"] = np.array(scene.size)
    if scene.features is not None:
        arrays |= {"features": scene.features.values.astype(np.float16), "frame": scene.features.frame}
    with replacing(path, ".npz") as unfinished:
        np.savez(unfinished, allow_pickle=False, **arrays)


def read_scene(path: Path, features: bool = False) -> CrowdScene:
    """Read a scene, with the detector's map if that is wanted."""
    with open_arrays(path) as arrays:
        width, height = arrays["size"].tolist()
        return CrowdScene(
            people=arrays["people"],
            visible=arrays["visible"],
            boxes=arrays["boxes"],
            scores=arrays["scores"],
            size=(width, height),
            features=FeatureMap(arrays["features"].astype(np.float32), arrays["frame"]) if features else None,
        )


def make(folder: Path, part: SceneSet, count: int, sprites: Path, backgrounds: Path) -> None:
    """Compose the images of a part that are not there yet, and write what the detector proposes on them.

    Args:
        folder: of all parts.
        part: which of them.
        count: images that it has in the end.
        sprites: file of rendered people.
        backgrounds: folder of photographs without people.

    Raises:
        ValueError: the folder's images are of other people or photographs.
    """
    files = sorted(backgrounds.glob("*.[jp][pn]g"))
    made_of = {"detector": DETECTOR, "photographs": [file.name for file in files], "sprites": _digest(sprites)}
    settings = folder / SETTINGS
    if not settings.exists():
        write_text(settings, yaml.safe_dump(made_of))
    if yaml.safe_load(settings.read_text(encoding="utf-8")) != made_of:
        raise ValueError(f"{folder} has images that were made of something else: choose another folder")
    chosen = [cv2.imread(str(file)) for k, file in enumerate(files) if (k % HELD_OUT == 0) == part.held_out]
    images = [np.asarray(photograph, np.uint8) for photograph in chosen]
    people = divide(load_sprites(sprites), part.held_out)
    detector = PersonDetector(zoo.session(DETECTOR, threads=1))
    for k in track(range(count), part.name):
        path = folder / part.name / f"{k:05d}.npz"
        if path.exists():
            continue
        write_scene(path, propose(detector, render_image(part, k, people, images)))


def render_image(
    part: SceneSet, number: int, people: Sequence[Sprite], photographs: Sequence[np.ndarray]
) -> CrowdImage:
    """An image of a part, with a camera of its own; it is the same whenever it is asked for."""
    rng = np.random.default_rng((part.seed, number))
    composed = compose(rng, random_camera(rng, STANDARD), people, photographs)
    return estrange(np.random.default_rng((part.seed, number, 1)), composed) if part.strange else composed


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(
    folder: Annotated[Path, typer.Argument(help="Folder of the sets.")],
    sprites: Annotated[Path, typer.Option(help="Rendered people, from training.people.sprites.")],
    backgrounds: Annotated[Path, typer.Option(help="Folder of photographs without people.")],
    images: Annotated[int, typer.Option(help="To learn from.")] = 400,
    check: Annotated[int, typer.Option(help="In each of the other sets.")] = 100,
) -> None:
    """Make the images to learn from, to choose a network by, and to measure it with; go on where it was ended."""
    for part in (TRAIN, VALIDATION, TEST, SHIFTED):
        make(folder, part, images if part is TRAIN else check, sprites, backgrounds)


if __name__ == "__main__":
    run_command(main)
