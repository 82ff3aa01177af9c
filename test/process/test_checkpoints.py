"""Answers that are kept: all of them, also those that say why there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from opendr_perception.process import checkpoints
from opendr_perception.process.checkpoints import Checkpoints
from opendr_perception.process.pipeline import Answered, Rejected
from opendr_perception.process.stage import View
from opendr_perception.tasks.imaging import Image

VIEW = View(Image(np.zeros((2, 2, 3), np.uint8), "bgr8"), 10**9, "camera", None)


@pytest.fixture
def blocks_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "BLOCK", 2)


def answered(frame: int) -> Answered:
    return Answered(frame, VIEW, {}, [Rejected(frame, "pose_estimation", 'too "small"')])


def test_full_blocks_are_kept_with_what_was_rejected(blocks_of_two: None, tmp_path: Path) -> None:
    written = Checkpoints(tmp_path, [])
    for frame in (0, 3, 5, 6, 9):  # as with --as-live
        written.note(answered(frame))
    read = Checkpoints(tmp_path, [])
    assert [read.answered(kept, VIEW) for kept in read.kept()] == [answered(frame) for frame in (0, 3, 5, 6)]


def test_a_block_that_is_lost_costs_all_of_them(blocks_of_two: None, tmp_path: Path) -> None:
    written = Checkpoints(tmp_path, [])
    for frame in range(6):
        written.note(answered(frame))
    (tmp_path / "000001.npz").unlink()
    assert list(Checkpoints(tmp_path, []).kept()) == []
    assert not list(tmp_path.glob("*.npz")), "nothing is mixed with what comes now"
