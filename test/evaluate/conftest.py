"""Small sets of skeletons for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from opendr_perception.evaluate.action.recordings import ActionRecording, recording
from opendr_perception.evaluate.action.sets import UTD_JOINTS

STANDING = np.array(
    [
        *((0, -88), (2, -90), (-2, -90), (4, -89), (-4, -89)),
        *((10, -75), (-10, -75), (12, -58), (-12, -58), (13, -43), (-13, -43)),
        *((7, -45), (-7, -45), (7, -21), (-7, -21), (7, 3), (-7, 3)),
    ],
    float,
)
"""(17, 2): somebody who stands, 100 pixels tall."""


def _waving(seconds: float = 3.0, rate: float = 20.0, still: float = 1.0) -> np.ndarray:
    """(T, 17, 2): somebody who stands still, moves the right hand, and stands still."""
    count = round(seconds * rate)
    at = np.arange(count) / rate
    moves = (at >= still) & (at < seconds - still)
    pixels = np.repeat(2 * STANDING[None] + [300.0, 240.0], count, 0)
    pixels[:, 10, 1] -= 60.0 * moves * np.sin(2 * np.pi * 2 * (at - still)) ** 2
    return pixels


def _one(action: str = "wave", subject: str = "1", **changes: object) -> ActionRecording:
    """A recording of somebody."""
    pixels = _waving()
    arguments = {"subject": subject, "part": "test", "rate": 20.0} | changes
    return recording(action, pixels, np.ones(pixels.shape[:2], bool), **arguments)  # type: ignore[arg-type]


def _write_own(path: Path, actions: tuple[str, ...] = ("wave", "unknown"), people: int = 2) -> Path:
    """A set in the format of users."""
    clips = [np.concatenate([_waving(), np.full((60, 17, 1), 0.9)], -1) for _ in range(people * len(actions))]
    np.savez(
        path,
        keypoints=np.concatenate(clips),
        length=[len(clip) for clip in clips],
        action=list(actions) * people,
        subject=[str(k // len(actions)) for k in range(len(clips))],
        rate=20.0,
    )
    return path


def _write_utd(path: Path) -> Path:
    """Two clips of UTD-MHAD's kind: its subject 1 sits down, subject 3 claps. 3 m before the camera, facing it."""
    body = np.zeros((len(UTD_JOINTS), 3))
    for name, x, y in (
        ("head", 0, 0.7), ("neck", 0, 0.5), ("l shoulder", -0.2, 0.45), ("r shoulder", 0.2, 0.45),
        ("l elbow", -0.25, 0.2), ("r elbow", 0.25, 0.2), ("l wrist", -0.25, 0.0), ("r wrist", 0.25, 0.0),
        ("l hip", -0.1, 0.0), ("r hip", 0.1, 0.0), ("l knee", -0.1, -0.45), ("r knee", 0.1, -0.45),
        ("l ankle", -0.1, -0.85), ("r ankle", 0.1, -0.85),
    ):  # fmt: skip
        body[UTD_JOINTS.index(name)] = x, y, 3.0
    clip = np.repeat(body[None], 60, 0)
    clip[20:40, UTD_JOINTS.index("r wrist"), 1] += np.linspace(0, 0.5, 20)
    clip[40:, UTD_JOINTS.index("r wrist"), 1] += 0.5
    np.savez(
        path,
        joints=np.round(np.concatenate([clip, clip]) / 0.0002).astype(np.int16),
        length=np.array([60, 60], np.int32),
        action=np.array([25, 4]),
        subject=np.array([1, 3]),
        trial=np.array([1, 1]),
    )
    return path


Make = Callable[..., ActionRecording]
Write = Callable[..., Path]


@pytest.fixture
def waving() -> np.ndarray:
    """Somebody who stands still, moves a hand, and stands still: three seconds at 20 Hz."""
    return _waving()


@pytest.fixture
def one() -> Make:
    """Make a recording of somebody who waves, whatever it is called."""
    return _one


@pytest.fixture
def write_own() -> Write:
    """Write a set in the format of users."""
    return _write_own


@pytest.fixture
def write_utd() -> Write:
    """Write two clips of UTD-MHAD's kind."""
    return _write_utd
