"""Executor on a cluster of Ray: each stream of each recording is one task there.

A task writes its results itself, into the folder that all machines share, which get their name when they are whole.
Through Ray go the orders and one report each, so nothing is kept in its object store. A task that is begun again, after
its worker or machine was lost, finds what is done already.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opendr_perception import zoo
from opendr_perception.process.executors import UnitOutcome, attempt
from opendr_perception.process.inventory import sha256_of
from opendr_perception.process.request import ProcessError
from opendr_perception.process.run import BUSY, Job, Tell

EXTRA = "pip install 'opendr_perception[ray]', or -r requirements/ray.txt"
RETRIES = 3
"""Times that a task is begun again whose worker or machine was lost."""
PATIENCE = 60.0
"""Seconds that a task waits for its predecessor, which may be dying, to let go of the folder."""
REACHABLE = 5.0
"""Seconds in which the cluster must answer."""
OF_REQUEST = ("gallery",)
"""Hashes in a job's provenance that are of no model."""


class Ray:
    """Does units on a cluster that runs already.

    Args:
        address: of its head, `HOST:PORT`; `auto` for the one on this machine.

    Raises:
        ProcessError: Ray is not installed, or nobody answers.
    """

    def __init__(self, address: str) -> None:
        try:
            import ray
        except ImportError as error:
            raise ProcessError(f"--ray needs Ray: {EXTRA}") from error
        self._ray: Any = ray
        self._address = address
        if address != "auto":
            _reach(address)

    def __call__(self, jobs: Sequence[Job], tell: Tell) -> Iterator[UnitOutcome]:
        with self._connected():
            work = self._ray.remote(num_cpus=1, max_retries=RETRIES)(on_cluster)
            waiting = {work.remote(job): job.unit.name for job in jobs}
            while waiting:
                done, _ = self._ray.wait(list(waiting), timeout=1.0)
                for reference in done:
                    name = waiting.pop(reference)
                    outcome = self._outcome(reference, name)
                    if outcome.report:
                        tell(name, outcome.report.frames, outcome.report.frames)
                    yield outcome

    @contextmanager
    def _connected(self) -> Iterator[None]:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        if self._ray.is_initialized():  # by a program that uses Ray itself
            yield
            return
        here = Path.cwd()
        os.chdir("/")  # Ray lets workers import from the current folder first, and a source tree has no messages
        try:
            self._ray.init(address=self._address, log_to_driver=False, configure_logging=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ProcessError(f"--ray {self._address}: {' '.join(str(error).split())[:300]}") from error
        finally:
            os.chdir(here)
        try:
            yield
        finally:
            self._ray.shutdown()

    def _outcome(self, reference: Any, name: str) -> UnitOutcome:
        try:
            outcome: UnitOutcome = self._ray.get(reference)
            return outcome
        except self._ray.exceptions.RayError as error:
            said = " ".join(str(error).split())[:300]
            return UnitOutcome(name, error=f"the cluster lost it {1 + RETRIES} times: {said}")


def on_cluster(job: Job) -> UnitOutcome:
    """Do a unit on a machine of the cluster, which gets the models that it lacks."""
    parent = os.getppid()

    def alive() -> None:
        if os.getppid() != parent:  # this machine has left the cluster: somebody else does it
            os._exit(1)

    try:
        _provide(job)
    except (zoo.ZooError, ProcessError) as error:
        return UnitOutcome(job.unit.name, error=f"{socket.gethostname()}: {error}")
    deadline = time.monotonic() + PATIENCE
    while True:
        outcome = attempt(job, lambda name, done, total: None, alive)
        if BUSY not in outcome.error or time.monotonic() > deadline:
            return outcome
        time.sleep(1.0)


def _provide(job: Job) -> None:
    """Make sure that this machine sees the recording and has the same models.

    Raises:
        ProcessError: it does not, or a model cannot be fetched.
        ZooError: a model is damaged.
    """
    for path in (Path(job.unit.recording), Path(job.output)):
        if not path.exists():
            raise ProcessError(f"{path} is not here: all machines of the cluster must see it at the same place")
    models = {name: sha for name, sha in job.provenance["models"].items() if name not in OF_REQUEST}
    try:
        zoo.fetch(list(models))
    except zoo.ZooError as error:
        how = "without a network, opendr-perception models pack elsewhere and unpack here"
        raise ProcessError(f"{error}; {how}") from error
    for name, wanted in models.items():
        if sha256_of(zoo.require(name).path) != wanted:
            raise ProcessError(f"the model {name} is another one here: opendr-perception models verify")


def _reach(address: str) -> None:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        if not host or not port.isdecimal():
            raise ProcessError(f"--ray {address}: an address is HOST:PORT, or auto")
        socket.create_connection((host, int(port)), REACHABLE).close()
    except (OSError, OverflowError) as error:
        raise ProcessError(
            f"--ray {address}: nobody answers ({error}); begin a cluster by `ray start --head --port {port}`"
        ) from error
