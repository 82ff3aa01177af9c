"""Formats of pose networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from opendr_perception.engine.session import EngineError, Outputs, Session, Tensor
from opendr_perception.tasks.body.layouts import COCO17
from opendr_perception.tasks.imaging import Image, Order
from opendr_perception.tasks.shapes import Boxes, Keypoints, Scores

IMAGE = Tensor("image", (None, None, None, 3), np.dtype(np.uint8))
"""The input of every network; normalisation is in its graph."""
FLOAT = np.dtype(np.float32)

LONGER = (26, 133)
"""Numbers of keypoints of layouts that begin with those of COCO: Halpe's body with feet, and COCO-WholeBody."""


class CropFormat(Protocol):
    """A format of networks that see one person: its input, and the meaning of its outputs."""

    @property
    def order(self) -> Order:
        """Colour order of the crops."""

    def decode(self, outputs: Outputs, size: tuple[int, int]) -> np.ndarray:
        """Keypoints (n, 17, 3) in the order of coco17: x, y in pixels of the crop, and a score.

        Args:
            outputs: of the network for n crops.
            size: (height, width) of the crops in pixels.
        """


@dataclass(frozen=True)
class DecodedBodies:
    """The people of an image or of a part of it.

    Args:
        keypoints: (n, K, 3) float32: x, y in its pixels, and a score in [0, 1]; 0 where not seen.
        boxes: (n, 4) float32, in its pixels and inside of it.
        scores: (n,) float32.
    """

    keypoints: Keypoints
    boxes: Boxes
    scores: Scores

    def __getitem__(self, index: np.ndarray) -> DecodedBodies:
        return DecodedBodies(self.keypoints[index], self.boxes[index], self.scores[index])

    def moved(self, x: float, y: float) -> DecodedBodies:
        """The same people where a part of an image begins at (x, y)."""
        keypoints = self.keypoints.copy()
        keypoints[..., :2] += (x, y)
        keypoints[keypoints[..., 2] == 0] = 0
        return DecodedBodies(keypoints, self.boxes + np.array([x, y, x, y], np.float32), self.scores)

    @classmethod
    def joined(cls, parts: Sequence[DecodedBodies], keypoints: int) -> DecodedBodies:
        """The people of several parts, of so many keypoints each."""
        nobody = cls.nobody(keypoints)
        return cls(
            np.concatenate([nobody.keypoints, *(part.keypoints for part in parts)]),
            np.concatenate([nobody.boxes, *(part.boxes for part in parts)]),
            np.concatenate([nobody.scores, *(part.scores for part in parts)]),
        )

    @classmethod
    def nobody(cls, keypoints: int) -> DecodedBodies:
        """No people, of so many keypoints each."""
        return cls(np.empty((0, keypoints, 3), np.float32), np.empty((0, 4), np.float32), np.empty(0, np.float32))


class BodyReader(Protocol):
    """Finds all people of an image with a network."""

    @property
    def layout(self) -> str:
        """Order of the keypoints, one of `tasks.body.layouts.LAYOUTS`."""

    @property
    def height(self) -> int:
        """Pixels of the height to which images are reduced where nothing says how closely to look."""

    def warm_up(self) -> None:
        """Run the network once, so that the first image is not slow."""

    def __call__(self, image: Image, scale: float, above: float, iou_threshold: float) -> DecodedBodies:
        """Find people.

        Args:
            image: the image, or a part of a larger one.
            scale: pixels to look at per pixel of the image, where the network can choose.
            above: weaker people are left out, where their scores are those of a detector.
            iou_threshold: of two people whose boxes overlap by more, one stays, where the network leaves that open.
        """


def expect_coco17(session: Session, output: str, axis: int) -> None:
    """Check that the keypoints along an axis of an output begin with the 17 of COCO.

    Raises:
        EngineError: they do not.
    """
    number = next(tensor.shape[axis] for tensor in session.outputs if tensor.name == output)
    if number not in (len(COCO17), *LONGER):
        raise EngineError(
            f"{session.path}: its output {output} has {'any number of' if number is None else number} keypoints; "
            f"known are {len(COCO17)}, as of COCO, and {' and '.join(map(str, LONGER))}, which begin with them"
        )
