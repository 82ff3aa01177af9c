"""Views of simulated people, taken where the table says."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opendr_perception.sim.people import load_people
from opendr_perception.sim.rendering import SimulatorError, load_mujoco
from opendr_perception.sim.scene import HALF_WIDTH, Pose, Scene, Thing, facing, seen_from
from opendr_perception.tasks.face.gallery import THRESHOLD
from opendr_perception.training.view.data import Observer, clearance, read_table
from opendr_perception.training.view.simulate import TableWorld


@pytest.fixture(scope="module")
def observer(models: Any) -> Iterator[Observer]:
    try:
        load_mujoco()
    except SimulatorError as error:
        pytest.skip(str(error))
    yield Observer(load_people()[:1])


def test_a_person_is_known_from_the_front_and_not_found_from_behind(observer: Observer) -> None:
    gallery = observer.enrol(0)
    observer.enter(facing("person_01", 2.0, 0.0))
    front = observer.embedding(0, seen_from(Pose(), 2.0, 0.1), 2.0)
    assert front is not None
    assert np.linalg.norm(gallery - front, axis=1).min() < THRESHOLD
    assert observer.embedding(0, seen_from(Pose(), 2.0, math.pi), 2.0) is None


def test_things_are_as_far_as_their_edge() -> None:
    board = Thing("board", Pose(2.0, 0.0, 0.0))
    scene = Scene(things=(board, Thing("board", Pose(9.0, 9.0, 0.0))))
    assert clearance(Pose(1.5, 0.0, 0.0), scene) == pytest.approx(0.5)
    assert clearance(Pose(2.0, HALF_WIDTH["board"] + 0.3, 0.0), scene) == pytest.approx(0.3)
    assert clearance(Pose(), Scene()) == math.inf


def test_tables_are_read_as_they_were_written(views: TableWorld, tmp_path: Path) -> None:
    np.savez(tmp_path / "000-000.npz", **asdict(views.tables[1]))
    np.savez(tmp_path / "gallery.npz", embeddings=np.eye(3, 128, dtype=np.float32), people=np.arange(3))
    world = TableWorld.read(tmp_path)
    assert world.people == 3
    assert np.allclose(world.distances[0], views.distances[1])
    with pytest.raises(ValueError, match="not a table"):
        read_table(tmp_path / "gallery.npz")
    with pytest.raises(ValueError, match=r"view\.data"):
        TableWorld.read(tmp_path / "nowhere")
