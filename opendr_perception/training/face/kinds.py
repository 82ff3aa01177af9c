"""Make the means of `tasks.face.kinds` from the training faces of FER2013:
`python -m opendr_perception.training.face.kinds ../shared/data/fer2013 kinds.npz`."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from opendr_perception import zoo
from opendr_perception.arrays import open_arrays
from opendr_perception.engine.session import Session
from opendr_perception.files import replacing
from opendr_perception.tasks.face import TO_DECIDE, FaceDetector, FaceEmbedder, fingerprint, head_poses, view
from opendr_perception.tasks.imaging import Image, PinholeCamera
from opendr_perception.training.common.command import run_command

SIDE = 144
"""Pixels to which the small faces are enlarged."""
KINDS = 64
FEWEST = 15
"""Faces of a kind at least: the mean of few would be somebody's face."""


def make(
    faces: Annotated[Path, typer.Argument(help="Folder of FER2013: jpeg.bin.xz and index.npz.")],
    output: Annotated[Path, typer.Argument(help="The .npz to write.")],
    count: Annotated[int, typer.Option(help="Faces that are looked at.")] = 3500,
) -> None:
    """Look at faces of unknown people, group them, and keep the means of the groups."""
    session = Session(zoo.require("face-embedding").path, threads=1)
    detector, embedder = FaceDetector(Session(zoo.require("blazeface").path, threads=1)), FaceEmbedder(session)
    embeddings = []
    for image in _images(faces, count):
        [found] = detector([image])
        if len(found) == 1:
            [pose] = head_poses(found, PinholeCamera.assumed(image.width, image.height))
            seen = view(image, found, 0, pose)
            if not TO_DECIDE.problem(seen.quality):
                embeddings.append(embedder([seen.aligned])[0])
    points = np.array(embeddings, np.float32)
    cv2.setRNGSeed(0)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 100, 1e-4)
    owners = np.zeros((len(points), 1), np.int32)
    means = cv2.kmeans(points, KINDS, owners, criteria, 5, cv2.KMEANS_PP_CENTERS)[2]
    sizes = np.bincount(owners[:, 0], minlength=KINDS)
    means = means[sizes >= FEWEST]
    with replacing(output, ".npz") as unfinished:
        model = fingerprint("", session).strip()
        np.savez_compressed(unfinished, model=model, means=means.astype(np.float16))
    typer.echo(f"{len(means)} means of {sizes[sizes >= FEWEST].min()} to {sizes.max()} of {len(points)} faces")


def _images(folder: Path, count: int) -> Iterator[Image]:
    """Faces of the training split in an order that is drawn once and for all, with some room around them."""
    with open_arrays(folder / "index.npz") as index:
        starts, train = index["offset"], np.flatnonzero(index["train"])
    with lzma.open(folder / "jpeg.bin.xz") as file:
        content = file.read()
    ends = [*starts[1:], len(content)]
    for place in np.random.default_rng(0).permutation(train)[:count]:
        coded = np.frombuffer(content[starts[place] : ends[place]], np.uint8)
        small = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
        large = cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        room = SIDE // 3
        yield Image(
            np.asarray(cv2.copyMakeBorder(large, room, room, room, room, cv2.BORDER_REPLICATE), np.uint8), "mono8"
        )


if __name__ == "__main__":
    run_command(make)
