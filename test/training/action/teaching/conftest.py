"""A lab whose people make three gestures that no shipped model knows by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.evaluate.action.recordings import ActionRecording
from opendr_perception.training.action.teaching.examples import replayed
from opendr_perception.training.action.teaching.learn import SourceModel
from opendr_perception.training.action.teaching.source import read_source
from opendr_perception.zoo import require

GESTURES = ("salute", "halt", "flap with both of my arms")
RATE = 20.0
STANDING = np.array(
    [
        *((0, -88), (2, -90), (-2, -90), (4, -89), (-4, -89)),
        *((10, -75), (-10, -75), (12, -58), (-12, -58), (13, -43), (-13, -43)),
        *((7, -45), (-7, -45), (7, -21), (-7, -21), (7, 3), (-7, 3)),
    ],
    float,
)
"""(17, 2): somebody who stands, 100 pixels tall."""


@pytest.fixture
def gestures() -> tuple[str, ...]:
    return GESTURES


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def gesture(name: str, person: int, serial: int = 0) -> np.ndarray:
    """(40, 17, 2): two seconds; everybody is of another size and pace."""
    rng = np.random.default_rng((person, serial, GESTURES.index(name)))
    size, pace = rng.uniform(1.5, 2.5), rng.uniform(0.8, 1.2)
    share = np.clip((np.arange(40) / RATE - 0.4) * 2.5 * pace, 0, 1)[:, None]
    points = np.repeat(STANDING[None], 40, 0)
    if name == "salute":
        for joint, goal in ((8, (-24, -78)), (10, (-5, -90))):
            points[:, joint] += share * (np.array(goal) - points[:, joint])
    elif name == "halt":
        for joint, goal in ((7, (26, -88)), (9, (30, -112))):
            points[:, joint] += share * (np.array(goal) - points[:, joint])
    else:
        beat = np.sin(2 * np.pi * 1.2 * pace * np.arange(40) / RATE)[:, None]
        for joint, out in ((7, 18), (9, 34), (8, -18), (10, -34)):
            points[:, joint] += share * np.concatenate([np.full((40, 1), out), -22 - 14 * beat], 1)
    return size * (points + rng.normal(0, 0.4, points.shape)) + [320.0, 300.0]


@pytest.fixture
def record() -> Callable[..., ActionRecording]:
    """Record a gesture of somebody."""

    def one(name: str, person: int, serial: int = 0) -> ActionRecording:
        points = gesture(name, person, serial)
        return ActionRecording(
            subject=str(person), action=name, part="train", rate=RATE, image=points,
            seen=np.ones(points.shape[:2], bool), begin=6, end=40, accepted=(name,),
        )  # fmt: skip

    return one


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A file of skeletons: each gesture twice, by two people."""
    takes = [(name, person) for person in (1, 2) for name in GESTURES]
    clips = [np.concatenate([gesture(*take), np.full((40, 17, 1), 0.9)], -1) for take in takes]
    path = tmp_path / "lab.npz"
    np.savez(
        path, keypoints=np.concatenate(clips), length=[len(clip) for clip in clips],
        action=[name for name, _ in takes], subject=[str(person) for _, person in takes], rate=RATE,
    )  # fmt: skip
    return path


@pytest.fixture(scope="session")
def source() -> SourceModel:
    return read_source(require("action-open").path, "action-open")


@pytest.fixture(scope="session")
def replay() -> tuple[np.ndarray, np.ndarray]:
    return replayed(0, 8)
