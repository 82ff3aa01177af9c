"""Recordings: how many frames a second with one worker and with two, the same bytes from both and after kills."""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av

from opendr_perception import zoo
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, larger_is_better, smaller_is_better
from opendr_perception.process import Processes, Request, process_recordings

CASE = "process"
NODES = ("pose_estimation",)
RATE, SPEED_UP = 28.0, 1.7
"""Frames a second on two cores, and how much faster than on one."""

GROWTH = 20.0
"""MB that a process may grow by after its first frames."""

LONGEST = 12.0
"""Seconds that a process which is to be killed is given at most: it takes some to begin."""

SETTLED = 0.3
"""Share of the frames after which memory is looked at for the first time."""


@dataclass(frozen=True)
class Run:
    """A run over the recording: what it took, and what came out."""

    frames: int
    answered: int
    seconds: float
    growth: float
    sha256: str


def process(extent: Extent) -> list[Figure]:
    """The case `process`: poses of the first frames of `vtest.avi`, below three minutes in all."""
    with tempfile.TemporaryDirectory() as folder:
        recording = _recording(Path(folder), extent.pick(240, 120, 12))
        one, two = (_run(recording, Path(folder) / f"workers-{workers}", workers) for workers in (1, 2))
        kills = extent.pick(10, 2, 1)
        equal = _kill_and_resume(recording, Path(folder) / "killed", kills, two.seconds) == one.sha256
    rates = [run.frames / run.seconds for run in (one, two)]
    answered = 100 * (one.answered + two.answered) / (one.frames + two.frames)
    same = 100.0 * (one.sha256 == two.sha256)
    return [
        Figure(CASE, "vtest.avi, poses, 1 worker", "frames/s", rates[0], None, "", None, None, None),
        larger_is_better(CASE, "vtest.avi, poses, 2 workers", "frames/s", rates[1], RATE, rates[0], "1 worker"),
        larger_is_better(CASE, "2 workers over 1", "times", rates[1] / rates[0], SPEED_UP),
        larger_is_better(CASE, "frames that are answered", "%", answered, 100.0),
        larger_is_better(CASE, "bytes of results that are the same from 1 and 2 workers", "%", same, 100.0),
        larger_is_better(CASE, f"the same after {kills} kills at random moments", "%", 100.0 * equal, 100.0),
        smaller_is_better(CASE, "growth of memory, 2 workers", "MB", two.growth, GROWTH),
    ]


def _recording(folder: Path, frames: int) -> Path:
    """So many of the film's first frames, as they were encoded."""
    path = folder / "vtest.avi"
    with av.open(str(zoo.sample("vtest.avi"))) as film, av.open(str(path), "w") as cut:
        [stream] = film.streams.video
        copy = cut.add_stream_from_template(stream)
        for packet in islice(film.demux(stream), frames):
            packet.stream = copy
            cut.mux(packet)
    return path


def _run(recording: Path, output: Path, workers: int) -> Run:
    sizes: list[float] = []
    times: list[float] = []

    def tell(name: str, done: int, total: int) -> None:
        times.append(time.perf_counter())
        if done >= SETTLED * total:
            sizes.append(_megabytes())

    [outcome] = process_recordings([str(recording)], Request(NODES), output, Processes(workers), tell=tell)
    if outcome.report is None:
        raise RuntimeError(outcome.error)
    frames = outcome.report.frames
    seconds = (times[-1] - times[0]) * frames / (frames - 1)  # without loading, which a long recording does not notice
    return Run(
        frames, outcome.report.answered[NODES[0]], seconds, max(sizes) - sizes[0], _sha256(output / outcome.name)
    )


def _kill_and_resume(recording: Path, output: Path, kills: int, seconds: float) -> str:
    """The hash of the results of a process that is killed so many times at random moments, and resumed each time."""
    arguments = ["process", str(recording), "--nodes", ",".join(NODES), "--output", str(output), "--resume"]
    arguments += ["--workers", "2"]
    command = [sys.executable, "-m", "opendr_perception.cli", *arguments]
    chance = random.Random(0)
    for _ in range(kills):
        with subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            try:
                child.wait(chance.uniform(0.5, min(LONGEST, 5.0 + seconds)))
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
    subprocess.run(command, cwd="/", check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return _sha256(output / recording.stem)


def _sha256(folder: Path) -> str:
    """Of all results of a stream."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _megabytes() -> float:
    """Memory of this process."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024
