"""Resumed runs end with the same bytes, whatever ended the last one; and what cannot be continued is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from opendr_perception.process.inventory import VERSION
from opendr_perception.process.run import locked

FACES = "face_recognition,emotion_recognition"
BODIES = "person_detection,pose_estimation,action_recognition"
PROCESS = "opendr_perception.process"

Command = Callable[..., subprocess.CompletedProcess[str]]
Hashes = Callable[[Path], dict[str, str]]
KilledAt = Callable[[str, int], str]


@pytest.fixture(scope="module")
def undisturbed(command: Command, street_film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("undisturbed") / "out"
    ended = command(str(street_film), "--nodes", BODIES, "--output", str(output))
    assert ended.returncode == 0, ended.stderr
    return output


@pytest.mark.parametrize(
    ("place", "call"),
    [
        pytest.param(f"{PROCESS}.sinks.bag.BagSink.write", 3, marks=pytest.mark.soak),  # before the first block
        (f"{PROCESS}.sinks.lines.LinesSink.write", 8),  # within the second one
        pytest.param("numpy.savez", 1, marks=pytest.mark.soak),  # while a block is written
        pytest.param("numpy.savez", 2, marks=pytest.mark.soak),  # when it is written, and the memories after it are not
        ("numpy.savez", 4),  # the same, with memories of the block before
        pytest.param(f"{PROCESS}.run.sha256_of", 2, marks=pytest.mark.soak),  # when all files are closed
        ("os.rename", 1),  # before the results get their name
        ("shutil.rmtree", 3),  # after that
    ],
)
def test_a_run_that_was_killed_is_continued_to_the_same_bytes(
    command: Command,
    hashes: Hashes,
    killed_at: KilledAt,
    place: str,
    call: int,
    undisturbed: Path,
    street_film: Path,
    tmp_path: Path,
) -> None:
    output = tmp_path / "out"
    arguments = (str(street_film), "--nodes", BODIES, "--output", str(output))
    killed = command(*arguments, before=killed_at(place, call))
    assert killed.returncode == -9, killed.stderr
    again = command(*arguments, "--resume", before=killed_at(place, 10**9))
    assert again.returncode == 0, again.stderr
    assert hashes(output) == hashes(undisturbed)
    assert not list(output.glob(".*.kept")) + list(output.glob(".*.unfinished"))


@pytest.fixture(scope="module")
def interrupted(
    command: Command, killed_at: KilledAt, street_film: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An output whose run was killed within its second block of five frames."""
    output = tmp_path_factory.mktemp("interrupted") / "out"
    arguments = (str(street_film), "--nodes", BODIES, "--output", str(output))
    assert command(*arguments, before=killed_at(f"{PROCESS}.sinks.lines.LinesSink.write", 8)).returncode == -9
    return output


COUNTED = f"""
from {PROCESS} import checkpoints
from {PROCESS}.stage import Stage
checkpoints.BLOCK = 5
answer = Stage.answer
def counted(self, *arguments):
    print("answered", flush=True)
    return answer(self, *arguments)
Stage.answer = counted
"""


@pytest.mark.parametrize(
    ("damage", "answered"), [("", 5), ("state.npz", 10), pytest.param("000000.npz", 10, marks=pytest.mark.soak)]
)
def test_nothing_is_done_again_that_is_kept_and_whole(
    command: Command,
    hashes: Hashes,
    damage: str,
    answered: int,
    undisturbed: Path,
    interrupted: Path,
    street_film: Path,
    tmp_path: Path,
) -> None:
    output = tmp_path / "out"
    shutil.copytree(interrupted, output)
    if damage:
        path = output / ".street.kept" / damage
        path.write_bytes(path.read_bytes()[:-1000])
    arguments = (str(street_film), "--nodes", BODIES, "--output", str(output))
    again = command(*arguments, "--resume", before=COUNTED)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("answered") == 3 * answered, "by each of the three nodes"
    assert hashes(output) == hashes(undisturbed)


def test_a_finished_output_is_left_as_it_is(
    command: Command, hashes: Hashes, undisturbed: Path, street_film: Path
) -> None:
    before = hashes(undisturbed)
    arguments = (str(street_film), "--nodes", BODIES, "--output", str(undisturbed))
    times = {path: path.stat().st_mtime_ns for path in undisturbed.rglob("results.jsonl")}
    assert command(*arguments, "--resume").returncode == 0
    assert hashes(undisturbed) == before
    assert {path: path.stat().st_mtime_ns for path in undisturbed.rglob("results.jsonl")} == times
    refused = command(*arguments)
    assert refused.returncode == 1
    assert "continue them by --resume" in refused.stderr


def test_results_that_were_damaged_are_made_anew(
    command: Command, hashes: Hashes, undisturbed: Path, street_film: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    shutil.copytree(undisturbed, output)
    damaged = next(output.rglob("results.jsonl"))
    damaged.write_text(damaged.read_text()[:1000])
    assert command(str(street_film), "--nodes", BODIES, "--output", str(output), "--resume").returncode == 0
    assert hashes(output) == hashes(undisturbed)


def test_a_recording_that_has_changed_is_refused(
    command: Command,
    write_film: Callable[[Path, Sequence[np.ndarray]], Path],
    talking_head: list[np.ndarray],
    tmp_path: Path,
) -> None:
    film = write_film(tmp_path / "head.mkv", talking_head)
    arguments = (str(film), "--nodes", FACES, "--output", str(tmp_path / "out"), "--format", "jsonl")
    assert command(*arguments).returncode == 0
    write_film(film, talking_head[:5])
    refused = command(*arguments, "--resume")
    assert refused.returncode == 1
    assert refused.stderr.strip().splitlines()[-1] == (
        f"error: the recording {film} has changed since the manifest was written: results of both would be mixed; "
        "choose another --output"
    )


def test_other_parameters_are_refused(command: Command, undisturbed: Path, street_film: Path, tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("/**:\n  ros__parameters:\n    score_threshold: 0.6\n")
    arguments = (str(street_film), "--nodes", BODIES, "--output", str(undisturbed))
    refused = command(*arguments, "--resume", "--params", str(file))
    assert refused.returncode == 1
    assert "other nodes, parameters or formats are wanted than the manifest has" in refused.stderr


def test_two_processes_do_not_share_an_output(command: Command, undisturbed: Path, street_film: Path) -> None:
    with locked(undisturbed / ".lock", "it"):
        refused = command(str(street_film), "--nodes", BODIES, "--output", str(undisturbed), "--resume")
    assert refused.returncode == 1
    assert f"another process works on {undisturbed}" in refused.stderr


def test_a_full_disk_is_said_and_what_is_missing_is_done_later(
    command: Command, hashes: Hashes, undisturbed: Path, street_film: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    arguments = (str(street_film), "--nodes", BODIES, "--output", str(output))
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))"  # of any file, bytes
    full = command(*arguments, before=limit)
    assert full.returncode == 1
    assert "error: street: " in full.stderr
    assert "File too large" in full.stderr
    assert not (output / "street").exists()
    assert json.loads((output / "manifest.json").read_text())["layout"] == VERSION
    assert command(*arguments, "--resume").returncode == 0
    assert hashes(output) == hashes(undisturbed)
