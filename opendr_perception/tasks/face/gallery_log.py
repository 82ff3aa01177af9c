"""Audit log of enrolling and forgetting: one line for each change, in a file that stays small."""

from __future__ import annotations

import getpass
import os
import time
from pathlib import Path

from opendr_perception.files import PRIVATE_FILE
from opendr_perception.tasks.face.gallery import LOG

LARGEST = 256 * 1024
"""Bytes of the log; then it becomes `changes.log.1`, in whose place the one before is lost."""


def note(folder: Path, action: str, name: str, samples: int) -> None:
    """Append a line: UTC time, user, process, action, name, number of samples.

    Args:
        folder: of the gallery.
        action: 'enrol', 'take in' (images that were put into the folders), 'drop' (images that went) or 'forget'.
        name: of the person.
        samples: how many are added or deleted.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / LOG
    line = (
        f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {_user()} pid {os.getpid()}: {action} '{name}' {samples}"
    )
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, PRIVATE_FILE)
    try:
        os.write(descriptor, f"{line}\n".encode())
        full = os.fstat(descriptor).st_size > LARGEST
    finally:
        os.close(descriptor)
    if full:
        os.replace(path, folder / f"{LOG}.1")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"
