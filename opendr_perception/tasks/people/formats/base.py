"""Formats of person detectors."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from opendr_perception.engine.session import EngineError, Outputs, Session, Tensor
from opendr_perception.tasks.imaging import Fit
from opendr_perception.tasks.nms import Detections

IMAGE = Tensor("image", (None, None, None, 3), np.dtype(np.uint8))
"""The input of every detector; normalisation is in its graph."""
FLOAT = np.dtype(np.float32)


class DetectorFormat(Protocol):
    """A format of detectors: its input, and the meaning of its outputs."""

    @property
    def fit(self) -> Fit:
        """Placement of an image in the canvas that the network looks at."""

    @property
    def stride(self) -> int:
        """Of which the sides of a canvas are multiples, in pixels, where the network takes canvases of any size."""

    @property
    def feature_stride(self) -> int:
        """Pixels of a cell of the output `features`; 0 for a network without that output."""

    @property
    def one_each(self) -> bool:
        """The network gives one box for each person: there is nothing to suppress, and as many boxes as it likes."""

    def decode(self, outputs: Outputs, size: tuple[int, int], above: float) -> Detections:
        """The people on a canvas.

        Args:
            outputs: of the network for this canvas, without the leading axis of the batch.
            size: (height, width) of the canvas in pixels.
            above: weaker candidates are left out.

        Returns:
            In any order; boxes in pixels of the canvas, which may reach beyond it or be none at all.
        """


def person_class(session: Session) -> int:
    """The number of the class of people among the classes of a model; 0 where it does not say.

    Raises:
        EngineError: what it says is no number of a class.
    """
    text = session.metadata.get("person", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise EngineError(f"{session.path}: its metadata 'person' must be the number of a class, found '{text[:40]}'")
    return int(text)


def expect_class(session: Session, output: str, axis: int, before: int = 0) -> int:
    """The class of people, checked against the number of classes along an axis of an output.

    Args:
        session: the model.
        output: the name of the output.
        axis: of the output on which the classes lie.
        before: numbers on this axis that come before the classes.

    Raises:
        EngineError: the model has fewer classes.
    """
    person = person_class(session)
    classes = next(tensor.shape[axis] for tensor in session.outputs if tensor.name == output)
    if classes is None or classes <= before + person:
        raise EngineError(
            f"{session.path}: class {person} is to be people, but its output {output} has "
            f"{'any number of' if classes is None else max(classes - before, 0)} classes"
        )
    return person


def corners(centred: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) x_min, y_min, x_max, y_max of boxes (n, 4) centre x, centre y, width, height."""
    halves = centred[:, 2:] / 2
    return np.concatenate([centred[:, :2] - halves, centred[:, :2] + halves], axis=1)
