"""One stream from its first frame to its last: results in a folder that gets its name when they are whole."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from opendr_perception import zoo
from opendr_perception.files import sync, write_text
from opendr_perception.process.checkpoints import Checkpoints, DamagedBlockError
from opendr_perception.process.frames import BEGIN, Frames
from opendr_perception.process.inventory import Unit, sha256_of
from opendr_perception.process.pipeline import Answered, Rejected, answers
from opendr_perception.process.privacy import blur_film
from opendr_perception.process.request import RESULTS, ProcessError, Request, canonical
from opendr_perception.process.sinks import ResultSource, Sink, open_all
from opendr_perception.process.sound import Chunks, Listening, heard
from opendr_perception.process.stage import Stage
from opendr_perception.tasks.perceiver import Warn

REPORT = "report.json"
NAMED = 100
"""At most so many rejected frames are named in a report; all are counted."""


@dataclass(frozen=True)
class Job:
    """A unit, and how it is to be done; it can be sent to another process.

    Args:
        unit: the stream.
        request: what is wanted.
        output: folder of all results.
        threads: for networks.
        provenance: what is written into every file.
    """

    unit: Unit
    request: Request
    output: str
    threads: int
    provenance: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """The folder of the results, once they are complete."""
        return Path(self.output) / self.unit.name


@dataclass(frozen=True)
class UnitReport:
    """Report of a stream that was processed.

    Args:
        name: of the unit.
        frames: that were read; of sound, chunks.
        answered: by each node.
        problems: in words; empty if every frame was read and answered.
        notes: what a user should know although all is well.
    """

    name: str
    frames: int = 0
    answered: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[str] = ()
    notes: Sequence[str] = ()


Tell = Callable[[str, int, int], None]
"""Is told the name of a unit, how many frames are done, and how many there are (0: not known)."""


BUSY = "another process works on"


class Busy(ProcessError):
    """Another process works on the same."""


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Keep others from working on the same; the lock ends with the process, however that ends.

    Raises:
        Busy: another process has it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(f"{BUSY} {what}: wait for it, or choose another --output") from error
        yield
    finally:
        os.close(descriptor)


def run(job: Job, tell: Tell = lambda name, done, total: None, alive: Callable[[], None] = lambda: None) -> UnitReport:
    """Do a unit, or find that it is done.

    Args:
        job: what to do.
        tell: is told how far it is.
        alive: is called with every frame, and raises if nobody waits for the results any more.

    Raises:
        ProcessError: it cannot be done; what is missing is done by another run.
        OSError: the disk is full, say.
    """
    hidden = Path(job.output) / f".{job.unit.name}"
    with locked(hidden.with_name(f"{hidden.name}.lock"), str(job.folder)):
        kept = hidden.with_name(f"{hidden.name}.kept")
        if done := finished(job):
            shutil.rmtree(kept, ignore_errors=True)
            return done
        unfinished = hidden.with_name(f"{hidden.name}.unfinished")
        shutil.rmtree(job.folder, ignore_errors=True)  # what is there was found to be damaged
        try:
            report = _process(job, _empty(unfinished), kept, tell, alive)
        except DamagedBlockError:
            report = _process(job, _empty(unfinished), kept, tell, alive)  # without what was kept
        _sync(unfinished)
        os.rename(unfinished, job.folder)
        sync(job.folder.parent)
        shutil.rmtree(kept, ignore_errors=True)
        return report


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def finished(job: Job) -> UnitReport | None:
    """The report of a unit that was done before, if its files are still what was written."""
    try:
        content = json.loads((job.folder / REPORT).read_text(encoding="utf-8"))
        whole = all(sha256_of(job.folder / name) == digest for name, digest in content["files"].items())
        report = UnitReport(
            job.unit.name, content["frames"], content["answered"], content["problems"], content["notes"]
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return report if whole else None


def _process(job: Job, folder: Path, kept: Path, tell: Tell, alive: Callable[[], None]) -> UnitReport:
    unit, request = job.unit, job.request
    warnings: list[str] = []
    nodes = request.listening if unit.sound else request.watching
    source = ResultSource(unit.name, Path(unit.recording).name, unit.namespace, job.provenance)
    answered: Counter[str] = Counter()
    rejected: list[Rejected] = []
    count = 0
    with _reading(job, kept, warnings.append) as (read, answers), _sinks(job, folder, source, nodes) as sinks:
        for each in answers:
            alive()
            for sink in sinks:
                sink.write(each)
            answered.update(each.results.keys())
            count += len(each.rejected)
            rejected += each.rejected[: max(0, NAMED - len(rejected))]
            tell(unit.name, each.frame + 1, read.length)
    problems = [*read.problems, *_told(rejected, count)]
    notes = list(dict.fromkeys(warnings))
    by_node = {name: answered[RESULTS[name][1]] for name in nodes}
    content: dict[str, object] = {"provenance": job.provenance, "frames": read.taken, "answered": by_node}
    if request.blur and not unit.sound:
        blurred = blur_film(unit, request.blur, folder / "blurred.mp4")
        content["blurred"] = {"what": request.blur, **asdict(blurred)}
        problems += blurred.problems(request.blur)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    content["problems"], content["notes"] = problems, notes
    content["files"] = {str(path.relative_to(folder)): sha256_of(path) for path in files}
    write_text(folder / REPORT, canonical(content))
    return UnitReport(unit.name, read.taken, by_node, problems, notes)


class Readout(Protocol):
    """A recording that is read: how much of it, how much there is (0: not known), and what could not be read."""

    taken: int
    length: int
    problems: list[str]


@contextmanager
def _reading(job: Job, kept: Path, warn: Warn) -> Iterator[tuple[Readout, Iterator[Answered]]]:
    unit, request = job.unit, job.request
    if unit.sound:
        nodes = [Listening(name, request.sound_settings(name), zoo.session) for name in request.listening]
        with Chunks(Path(unit.recording), unit.topic, request.sound_settings(nodes[0].name), BEGIN) as chunks:
            yield chunks, heard(chunks, nodes, warn)
        return
    seed = f"{unit.sha256} {unit.topic}"
    stages = [Stage(name, request, seed, zoo.session, warn) for name in request.watching]
    with Frames(unit, request.hertz) as frames:
        yield frames, _answers(frames, stages, job.threads, Checkpoints(kept, stages))


def _answers(frames: Frames, stages: Sequence[Stage], threads: int, checkpoints: Checkpoints) -> Iterator[Answered]:
    """Answers to all frames: those that are kept, and then new ones, which are kept too."""
    views = iter(frames)
    for kept in checkpoints.kept():
        number, view = next(views, (-1, None))
        if number != kept.frame:
            raise ProcessError(
                f"frame {number} of the recording was {kept.frame} before: it cannot be read twice alike"
            )
        yield checkpoints.answered(kept, view)
    for each in answers(views, stages, threads):
        yield each
        checkpoints.note(each)


@contextmanager
def _sinks(job: Job, folder: Path, source: ResultSource, nodes: Sequence[str]) -> Iterator[Sequence[Sink]]:
    """The files of results; they are finished if all went well."""
    sinks = open_all(job.request.formats, folder, source, nodes, job.unit.sound) if nodes else []
    with ExitStack() as aborting:
        for sink in sinks:
            aborting.callback(sink.abort)
        yield sinks
        for sink in sinks:
            sink.close()
        aborting.pop_all()


def _told(rejected: Sequence[Rejected], count: int) -> list[str]:
    told = [f"frame {each.frame}: {each.node}: {each.reason}" for each in rejected]
    return told + ([f"and {count - len(told)} more"] if count > len(told) else [])


def _sync(folder: Path) -> None:
    """Bring all of a folder to the disk."""
    for parent, _, names in os.walk(folder):
        for name in names:
            sync(Path(parent) / name)
        sync(Path(parent))
