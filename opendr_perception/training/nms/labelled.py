"""Sets of labelled real images to train suppression by: `python -m opendr_perception.training.nms.labelled`.

For whoever has the data of the publications, or data of their own:

CrowdHuman, 14 epochs there (--steps 210000 of a training):
    python -m opendr_perception.training.nms.labelled crowdhuman --train DATA/annotation_train.odgt \
        --test DATA/annotation_val.odgt

PETS, as sequences of MOT Challenge or as COCO files:
    python -m opendr_perception.training.nms.labelled pets --train DATA/pets-train.json --test DATA/pets-test.json

AUTH-Persons, of which every tenth image is taken, and whose test is in places that were never trained on, as COCO:
    python -m opendr_perception.training.nms.labelled auth --train DATA/seen.json --every 10 --unseen DATA/unseen.json

Then `python -m opendr_perception.training.nms.train --images FOLDER --share 1` learns from them, and
`python -m opendr_perception.training.nms.evaluate WEIGHTS --images FOLDER` compares with the best formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.progress import track

from opendr_perception import zoo
from opendr_perception.evaluate.people.sets import LabelledPeople, people_set
from opendr_perception.tasks.imaging import Image, to_bgr
from opendr_perception.tasks.people import PersonDetector
from opendr_perception.training.common.command import run_command
from opendr_perception.training.nms.data import DETECTOR, SHIFTED, TEST, TRAIN, VALIDATION, write_scene
from opendr_perception.training.nms.render import CrowdImage, propose
from opendr_perception.training.nms.simulate import CrowdScene

HIDES = 0.5
"""Part of a candidate that lies in somebody who is to be ignored, from which on it is no example."""
CHECKED = 10
"""Every so many images of those that are learned from, one is kept to choose a network by."""


def scene_of(detector: PersonDetector, image: Image, people: LabelledPeople) -> CrowdScene:
    """Candidates of a detector on a labelled image, without those of people who are to be ignored."""
    boxes = people.boxes[~people.ignored]
    scene = propose(detector, CrowdImage(np.ascontiguousarray(to_bgr(image)), boxes, np.ones(len(boxes))))
    kept = _share_inside(scene.boxes, people.boxes[people.ignored]).max(1, initial=0) < HIDES
    return replace(scene, boxes=scene.boxes[kept], scores=scene.scores[kept])


def write_set(folder: Path, scenes: Iterator[CrowdScene], checked: Path | None = None) -> int:
    """Write scenes, some of them to a folder by which a network is chosen; return their number."""
    count = 0
    for count, scene in enumerate(scenes, 1):
        place = checked if checked is not None and count % CHECKED == 0 else folder
        write_scene(place / f"{count - 1:05d}.npz", scene)
    return count


def scenes_of(dataset: Path, every: int, detector: PersonDetector) -> Iterator[CrowdScene]:
    """Scenes of every n-th labelled image of a set that `people_set` reads."""
    images = people_set(dataset)
    wanted = set(images.numbers("all")[::every])
    for number, image in track(images.frames(), dataset.name, len(wanted)):
        if number in wanted:
            yield scene_of(detector, image, images.labels[number])


def _share_inside(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Part (n, m) of each of the boxes (n, 4) that lies in each of others (m, 4)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return np.asarray((high - low).clip(0).prod(2) / np.maximum(areas, 1e-9)[:, None])


def main(
    folder: Annotated[Path, typer.Argument(help="Folder of the sets.")],
    train: Annotated[list[Path] | None, typer.Option(help="Labelled images to learn from.")] = None,
    test: Annotated[list[Path] | None, typer.Option(help="Those to measure with.")] = None,
    unseen: Annotated[list[Path] | None, typer.Option(help="Those of places that were never trained on.")] = None,
    every: Annotated[int, typer.Option(help="Take every n-th image: those of a film are alike.", min=1)] = 1,
) -> None:
    """Write what the detector proposes on labelled images: sets of COCO, MOT Challenge or CrowdHuman (.odgt)."""
    detector = PersonDetector(zoo.session(DETECTOR, threads=1))
    parts: dict[str, Sequence[Path]] = {TRAIN.name: train or (), TEST.name: test or (), SHIFTED.name: unseen or ()}
    for name, datasets in parts.items():
        scenes = (scene for dataset in datasets for scene in scenes_of(dataset, every, detector))
        checked = folder / VALIDATION.name if name == TRAIN.name else None
        print(f"{name}: {write_set(folder / name, scenes, checked)} images")


if __name__ == "__main__":
    run_command(main)
