"""Moves by the embedding of a face alone, with no renderings [Passalis and Tefas 2020], as a baseline.

The published network learns embedding and moves together; here a head of two layers is put on the embedder of this
package, and learns by people who are nobody of those of the benchmark
(`python -m opendr_perception.training.view.train_moves`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from opendr_perception.active.control import Move
from opendr_perception.active.perception import FaceObservation
from opendr_perception.active.policies import STEP, Decision
from opendr_perception.arrays import open_arrays
from opendr_perception.tasks.face import align
from opendr_perception.tasks.imaging import Pixels

TRAINED = Path(__file__).parent / "embedding_moves.npz"
SHAPES = {"first": (129, 32), "second": (33, 3)}
"""Of the layers; the last row of each is its bias."""
SIDES = (0, -1, 1)
"""Side of each output: to stay, or a step to the left or the right."""

Embed = Callable[[Sequence[Pixels]], np.ndarray]


class EmbeddingPolicy:
    """Goes a step to the side that the embedding says, until it says to stay.

    Args:
        embed: turns aligned faces into points (n, 128).
        layers: of the head, as SHAPES says.

    Raises:
        ValueError: layers of other shapes.
    """

    def __init__(self, embed: Embed, layers: dict[str, np.ndarray]) -> None:
        shapes = {name: layer.shape for name, layer in layers.items()}
        if shapes != SHAPES:
            raise ValueError(f"layers must be {SHAPES}, got {shapes}")
        self._embed, self._layers = embed, layers

    @classmethod
    def trained(cls, embed: Embed, path: Path = TRAINED) -> EmbeddingPolicy:
        """The one that comes with this package."""
        with open_arrays(path) as data:
            return cls(embed, {name: data[name].astype(np.float32) for name in data})

    def begin(self) -> None:
        """Nothing is kept."""

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        (embedding,) = self._embed([align(views[-1].image, views[-1].landmarks)])
        side = SIDES[int(np.argmax(scores(embedding, self._layers)))]
        return Decision(Move(pan=side * STEP) if side else None, "by the embedding")


def scores(embeddings: np.ndarray, layers: dict[str, np.ndarray]) -> np.ndarray:
    """Of each of SIDES (..., 3), for embeddings (..., 128)."""
    hidden = np.maximum(embeddings @ layers["first"][:-1] + layers["first"][-1], 0)
    return np.asarray(hidden @ layers["second"][:-1] + layers["second"][-1])
