"""Faces as a far, dim, blurred or strongly compressed film shows them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from opendr_perception.evaluate.face.reading import FaceReader, SeenFace
from opendr_perception.evaluate.face.sets import Labelled
from opendr_perception.evaluate.worsening import Way, blurred, compressed, darkened, one_after_the_other, resized
from opendr_perception.tasks.imaging import Image

ENROLLED_WELL = 3
"""Good images by which each one is known."""
SEED = 3


def poor_views(seen: Sequence[tuple[Labelled, SeenFace]], reader: FaceReader) -> dict[str, npt.NDArray[np.float32]]:
    """Embeddings (n, d) by what was done to the images; NaN where a face can no longer be seen well enough."""
    rng, nothing = np.random.default_rng(SEED), np.full((len(seen), len(seen[0][1].embedding)), np.nan, np.float32)
    points: dict[str, npt.NDArray[np.float32]] = {}
    for place, (face, good) in enumerate(seen):
        for what, way in ways(good.width, face.image, rng).items():
            points.setdefault(what, nothing.copy())
            poor = reader(Image(way(face.image.pixels), face.image.encoding))
            if poor is not None and not poor.problem:
                points[what][place] = poor.embedding
    return points


def ways(width: float, image: Image, rng: np.random.Generator) -> dict[str, Way]:
    """Ways to make the image of a face of so many pixels worse."""

    def far(pixels: int) -> Way:
        """A face that is larger than so many pixels gets this width."""
        scale = min(1.0, pixels / width)
        return resized(max(1, round(scale * image.width)), max(1, round(scale * image.height)))

    return {
        "faces of 40 pixels": far(40),
        "blurred by 2 % of the face": blurred(0.02 * width),
        "8 times darker": darkened(8, rng),
        "JPEG quality 20": compressed(20),
        "film of 60 pixels": one_after_the_other([far(60), blurred(0.8), darkened(1.5, rng), compressed(40)]),
    }
