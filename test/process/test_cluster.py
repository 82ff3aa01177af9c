"""A cluster of two nodes, as `ray start` makes it: the same bytes, whatever is lost."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from opendr_perception.process import ProcessError, Ray, Request, in_process, process_recordings

pytestmark = pytest.mark.extra
ray = pytest.importorskip("ray", reason="Ray is not installed: make test-extras")

START = "import sys; sys.argv[0] = 'ray'; from ray.scripts.scripts import main; main()"
FACES = Request(("face_recognition",), formats=("jsonl",))
Hashes = Callable[[Path], dict[str, str]]


class Cluster:
    """Nodes of Ray on this machine, each with one core."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self._folder = folder
        self._nodes: list[subprocess.Popen[bytes]] = []
        port = self.address.rpartition(":")[2]
        self._start("--head", "--port", port, "--include-dashboard=false", "--temp-dir", str(folder))
        self.add()

    def add(self) -> None:
        """One more node."""
        self._start("--address", self.address)

    def lose(self) -> None:
        """The last node ends at once, with all that runs there."""
        _kill(self._nodes.pop())

    def close(self) -> None:
        for node in reversed(self._nodes):
            _kill(node)

    def _start(self, *options: str) -> None:
        common = ("--num-cpus", "1", "--object-store-memory", "80000000", "--disable-usage-stats", "--block")
        command = [sys.executable, "-c", START, "start", "--node-ip-address", "127.0.0.1", *options, *common]
        with open(self._folder.with_suffix(f".{len(self._nodes)}.log"), "wb") as log:
            node = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, cwd="/")
        self._nodes.append(node)
        deadline = time.monotonic() + 120
        while not _runs(Path(log.name)):
            assert node.poll() is None and time.monotonic() < deadline, Path(log.name).read_text()
            time.sleep(0.1)


def _runs(log: Path) -> bool:
    return "--block" in log.read_text() and "Ray runtime started" in log.read_text()


def _kill(node: subprocess.Popen[bytes]) -> None:
    for pid in family(node.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    node.wait()


def family(pid: int) -> set[int]:
    """A process and all that it has started."""
    parents = {}
    for each in filter(str.isdecimal, os.listdir("/proc")):
        try:
            parents[int(each)] = int(Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {pid}
    while new := {child for child, parent in parents.items() if parent in found} - found:
        found |= new
    return found


def workers(cluster: Cluster) -> list[int]:
    """Processes that do a task now."""
    found = []
    for pid in set().union(*(family(node.pid) for node in cluster._nodes)):
        try:
            if b"on_cluster" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = Path(f"/tmp/ray-{os.getpid()}")  # Ray's sockets want a short path
    cluster = Cluster(folder)
    yield cluster
    cluster.close()
    shutil.rmtree(folder, ignore_errors=True)
    for log in folder.parent.glob(f"{folder.name}.*.log"):
        log.unlink()


@pytest.fixture(scope="module")
def films(head_film: Path, street_film: Path) -> list[str]:
    return [str(head_film), str(street_film)]


@pytest.fixture(scope="module")
def undisturbed(
    models: object, films: list[str], hashes: Hashes, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    output = tmp_path_factory.mktemp("one") / "out"
    assert not [outcome.error for outcome in process_recordings(films, FACES, output, in_process) if outcome.error]
    return hashes(output)


def disturbing(cluster: Cluster, disturb: Callable[[], None]) -> threading.Thread:
    """Does something while a task is at work."""

    def wait() -> None:
        deadline = time.monotonic() + 120
        while not workers(cluster) and time.monotonic() < deadline:
            time.sleep(0.02)
        disturb()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_a_cluster_gives_the_same_bytes_although_a_worker_is_killed_and_its_store_is_full(
    cluster: Cluster,
    films: list[str],
    undisturbed: dict[str, str],
    hashes: Hashes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir("/")  # as the executor does
    killed: list[int] = []

    def kill() -> None:
        killed.extend(workers(cluster)[:1])
        for pid in killed:
            os.kill(pid, signal.SIGKILL)

    ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
    kept = [ray.put(np.zeros(20_000_000, np.uint8)) for _ in range(3)]  # of 80 MB
    thread = disturbing(cluster, kill)
    outcomes = process_recordings(films, FACES, tmp_path / "out", Ray(cluster.address))
    thread.join()
    assert killed
    assert [outcome.error for outcome in outcomes] == ["", ""]
    assert hashes(tmp_path / "out") == undisturbed
    del kept
    ray.shutdown()


def test_another_node_goes_on_where_one_is_lost(
    cluster: Cluster, films: list[str], undisturbed: dict[str, str], hashes: Hashes, tmp_path: Path
) -> None:
    thread = disturbing(cluster, cluster.lose)
    outcomes = process_recordings(films, FACES, tmp_path / "out", Ray(cluster.address))
    thread.join()
    assert [outcome.error for outcome in outcomes] == ["", ""]
    assert hashes(tmp_path / "out") == undisturbed


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "127.0.0.1:99999"])
def test_an_unknown_address_is_said_at_once(address: str) -> None:
    with pytest.raises(ProcessError, match=f"--ray {address}: "):
        Ray(address)
