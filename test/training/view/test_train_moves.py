"""The head that says where to go by the embedding learns what is to be learned."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from opendr_perception.bench.view.embedding import EmbeddingPolicy, scores
from opendr_perception.training.view.data import Table
from opendr_perception.training.view.train_moves import samples, train

PANS = 5


def table(person: int, random: np.random.Generator) -> Table:
    """A person who is known from the front, and whose views say by two numbers on which side they are."""
    aside = np.arange(PANS) - PANS // 2
    embeddings = random.normal(0, 0.02, (2, PANS, 128)).astype(np.float32)
    embeddings[:, :, 0] += 1 - 0.3 * abs(aside)
    embeddings[:, :, 1] += 0.5 * aside
    grid = (2, PANS)
    return Table(
        np.array(person), np.array([2.0, 1.5]), aside * 0.26, np.array([0, 2]), np.array(False), np.ones(grid, bool),
        np.zeros((*grid, 4)), np.zeros((*grid, 6, 2)), np.zeros(grid), embeddings, np.full(grid, np.inf),
    )  # fmt: skip


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for person in range(8):
        for scene in range(3):
            np.savez(tmp_path / f"{person:03}-{scene:03}.npz", **asdict(table(person, random)))
    np.savez(tmp_path / "gallery.npz", embeddings=np.tile(np.eye(1, 128), (8, 1)), people=np.arange(8))
    return tmp_path


def test_the_better_neighbour_is_the_label(tables: Path) -> None:
    embeddings, labels, whose = samples(tables)
    assert embeddings.shape == (8 * 3 * 2 * PANS, 128)
    assert labels.reshape(-1, PANS).tolist() == [[2, 2, 0, 1, 1]] * 48
    assert set(whose) == set(range(8))


def test_what_is_written_goes_towards_the_front(tables: Path, tmp_path: Path) -> None:
    train(tables, tmp_path / "moves.npz", epochs=150)
    policy = EmbeddingPolicy.trained(lambda crops: np.zeros((1, 128)), tmp_path / "moves.npz")
    sides = table(0, np.random.default_rng(9)).embeddings[0]
    assert np.argmax(scores(sides, policy._layers), axis=1)[[0, 2, 4]].tolist() == [2, 0, 1]


def test_no_tables_are_no_training(tmp_path: Path) -> None:
    np.savez(tmp_path / "gallery.npz", embeddings=np.zeros((1, 128)), people=np.zeros(1))
    with pytest.raises(ValueError, match="there are no tables"):
        samples(tmp_path)
