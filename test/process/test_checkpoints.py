"""Answers that are kept: all of them, also those that say why there is none."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from opendr_perception.process import checkpoints
from opendr_perception.process.checkpoints import Checkpoints, DamagedBlockError
from opendr_perception.process.pipeline import Answered, Rejected
from opendr_perception.process.stage import View
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.memories import NotAValue, Value

VIEW = View(10**9, "camera", Image(np.zeros((2, 2, 3), np.uint8), "bgr8"), None)


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
    with pytest.raises(DamagedBlockError, match=r"000001\.npz"):
        list(Checkpoints(tmp_path, []).kept())
    assert list(Checkpoints(tmp_path, []).kept()) == []
    assert not list(tmp_path.glob("*.npz")), "nothing is mixed with what comes now"


class Reluctant:
    """Stage with a memory that cannot be written for a while."""

    name, topic, PARTS = "reluctant", "faces", ()
    capability = SimpleNamespace(result=(object, "faces"))
    frames = 0

    def snapshot(self) -> dict[str, Value]:
        if self.frames < 5:
            raise NotAValue("somebody is in view")
        return {}

    def restore(self, values: object) -> None:
        """Nothing is remembered."""

    def restart(self) -> None:
        """Nothing is remembered."""


def test_nothing_is_written_while_a_memory_must_not_be(
    blocks_of_two: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(checkpoints, "AGAIN", 1)
    stage: Any = Reluctant()
    written = Checkpoints(tmp_path, [stage])
    for frame in range(4):
        written.note(answered(frame))
        assert not (tmp_path / checkpoints.STATE).exists()
    assert [path.name for path in tmp_path.iterdir()] == ["000000.npz"], "answers are kept, for what comes"
    stage.frames = 5
    for frame in range(4, 6):
        written.note(answered(frame))
    assert [kept.frame for kept in Checkpoints(tmp_path, [stage]).kept()] == list(range(6))
