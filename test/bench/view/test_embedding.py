"""Moves by the embedding: the head that comes with the package, and heads whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from opendr_perception.active.perception.observation import FaceObservation, Recognition
from opendr_perception.active.policies.registry import STEP
from opendr_perception.bench.view.embedding import SHAPES, TRAINED, EmbeddingPolicy, scores
from opendr_perception.tasks.imaging.image import Image

LANDMARKS = np.array([[30, 30], [60, 30], [45, 45], [45, 60], [20, 35], [70, 35]], float)
VIEW = FaceObservation(
    Image(np.zeros((90, 90, 3), np.uint8), "rgb8"), np.array([20.0, 20, 70, 70]), LANDMARKS, Recognition("", math.nan)
)


def layers(first: int) -> dict[str, np.ndarray]:
    """A head that says `first` to a face whose first number is positive, and to stay to all others."""
    made = {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}
    made["first"][0, 0] = 1.0
    made["second"][0, first] = 2.0
    made["second"][-1, 0] = 1.0
    return made


@pytest.mark.parametrize(("output", "pan"), [(1, -STEP), (2, STEP)])
def test_it_goes_where_the_embedding_says(output: int, pan: float) -> None:
    policy = EmbeddingPolicy(lambda crops: np.eye(1, 128, dtype=np.float32), layers(output))
    policy.begin()
    move = policy.decide([VIEW]).move
    assert move is not None
    assert move.pan == pytest.approx(pan)
    away = EmbeddingPolicy(lambda crops: -np.eye(1, 128, dtype=np.float32), layers(output))
    assert away.decide([VIEW]).move is None


def test_the_head_of_the_package_is_whole_and_does_not_always_say_the_same() -> None:
    with np.load(TRAINED, allow_pickle=False) as data:
        trained = {name: data[name].astype(np.float32) for name in data.files}
    faces = np.random.default_rng(0).normal(0, 1, (300, 128)).astype(np.float32)
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    assert set(np.argmax(scores(faces, trained), axis=1)) == {0, 1, 2}


def test_a_head_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="layers must be"):
        EmbeddingPolicy(lambda crops: np.zeros((1, 128)), {"first": np.zeros((3, 3))})
