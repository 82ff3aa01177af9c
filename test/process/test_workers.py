"""Workers: processes that are killed, and those whose parent is."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from opendr_perception import zoo
from opendr_perception.process import ProcessError, Processes, Request, in_process, process_recordings

FACES = Request(("face_recognition",), formats=("jsonl",))


def test_a_unit_whose_worker_was_killed_is_done_by_another(
    models: object, street_film: Path, hashes: Callable[[Path], dict[str, str]], tmp_path: Path
) -> None:
    recordings = [str(zoo.sample("carphone_pristine.mp4")), str(street_film)]
    killed: list[int] = []

    def tell(name: str, done: int, total: int) -> None:
        if not killed:
            killed.extend(child.pid or 0 for child in multiprocessing.active_children())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    outcomes = process_recordings(recordings, FACES, tmp_path / "out", Processes(2), tell=tell)
    assert killed
    assert [outcome.error for outcome in outcomes] == ["", ""]
    process_recordings(recordings, FACES, tmp_path / "again", in_process)
    assert hashes(tmp_path / "out") == hashes(tmp_path / "again")


def test_there_is_at_least_one_worker() -> None:
    with pytest.raises(ProcessError, match="--workers must be at least 1, got 0"):
        Processes(0)
