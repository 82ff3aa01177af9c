"""Executors of units: in this process, or in several; the results are the same."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing.queues import Queue
from queue import Empty
from typing import Protocol

from opendr_perception.engine.session import EngineError
from opendr_perception.process.request import ProcessError
from opendr_perception.process.run import Job, Tell, UnitReport, run
from opendr_perception.tasks.face import GalleryError
from opendr_perception.zoo import ZooError

TOLD_EVERY = 20
"""Frames after which a worker tells how far it is."""

TRIES = 2
"""Times that a unit is begun whose worker was killed: another unit may have taken its memory."""

Progress = tuple[str, int, int]


@dataclass(frozen=True)
class UnitOutcome:
    """Outcome of a unit: its report, or the reason that there is none."""

    name: str
    report: UnitReport | None = None
    error: str = ""


class Executor(Protocol):
    """Does units and gives what becomes of each, in any order. What goes wrong with one costs the others nothing."""

    def __call__(self, jobs: Sequence[Job], tell: Tell) -> Iterator[UnitOutcome]: ...


def attempt(job: Job, tell: Tell, alive: Callable[[], None] = lambda: None) -> UnitOutcome:
    """Do a unit, whatever goes wrong with it."""
    try:
        return UnitOutcome(job.unit.name, run(job, tell, alive))
    except OSError as error:
        return UnitOutcome(job.unit.name, error=f"{error.filename or job.folder}: {error.strerror or error}")
    except (ProcessError, ZooError, EngineError, GalleryError, ValueError) as error:
        return UnitOutcome(job.unit.name, error=" ".join(str(error).split()))
    except Exception as error:  # noqa: BLE001 - the other units go on
        return UnitOutcome(job.unit.name, error=f"{type(error).__name__}: {error}")


def in_process(jobs: Sequence[Job], tell: Tell) -> Iterator[UnitOutcome]:
    """Do the units here, one after the other."""
    for job in jobs:
        yield attempt(job, tell)


class Processes:
    """Does units in processes of their own, and each with as many threads as are left for it.

    Args:
        workers: cores that may be used.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ProcessError(f"--workers must be at least 1, got {workers}")
        self._workers = workers

    def __call__(self, jobs: Sequence[Job], tell: Tell) -> Iterator[UnitOutcome]:
        at_once = min(self._workers, len(jobs))
        threads = max(1, self._workers // max(1, at_once))
        if at_once <= 1:
            yield from in_process([replace(job, threads=threads) for job in jobs], tell)
            return
        context = multiprocessing.get_context("spawn")
        progress: Queue[Progress] = context.Queue()
        left = {job.unit.name: replace(job, threads=threads) for job in jobs}
        for tries_left in reversed(range(TRIES)):
            with ProcessPoolExecutor(at_once, context, _begin, (progress, os.getpid())) as pool:
                futures = {pool.submit(_work, job): name for name, job in left.items()}
                for future in _finished(futures, progress, tell):
                    outcome = _outcome(future, futures[future])
                    if outcome.error != KILLED or not tries_left:
                        left.pop(outcome.name)
                        yield outcome
            if not left:
                return


KILLED = "its worker was killed; if memory was short, take fewer --workers. What is missing is done by --resume"


def _finished(
    futures: dict[Future[UnitOutcome], str], progress: Queue[Progress], tell: Tell
) -> Iterator[Future[UnitOutcome]]:
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
        try:
            while True:
                tell(*progress.get_nowait())
        except Empty:
            pass
        yield from done


def _outcome(future: Future[UnitOutcome], name: str) -> UnitOutcome:
    try:
        return future.result()
    except BrokenProcessPool:
        return UnitOutcome(name, error=KILLED)


class _Worker:
    """State of a worker process: the queue for its progress, and the id of its parent."""

    progress: Queue[Progress] | None = None
    parent = 0


def _begin(progress: Queue[Progress], parent: int) -> None:
    _Worker.progress, _Worker.parent = progress, parent


def _work(job: Job) -> UnitOutcome:
    def tell(name: str, done: int, total: int) -> None:
        if done % TOLD_EVERY == 0 and _Worker.progress is not None:
            _Worker.progress.put((name, done, total))

    def alive() -> None:
        if os.getppid() != _Worker.parent:  # it was killed: whoever begins anew shall not find us at work
            os._exit(1)

    return attempt(job, tell, alive)
