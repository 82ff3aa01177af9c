"""The shared memory through which Fast DDS carries images: free what killed processes left, do with little of it.

Fast DDS gives each process a segment, a file in /dev/shm, and beside it a lock file (`_el`) that its owner holds while
it lives; a process that is killed leaves both. A segment is allocated as a whole, so there must be room for it.
"""

from __future__ import annotations

import fcntl
import os
import re
import sys
import time
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

from opendr_perception.files import PRIVATE_FILE

MEMORY = Path("/dev/shm")
PROFILE, SMALL_PROFILE = "fastdds.xml", "fastdds_small.xml"

SMALL = 512 << 20
"""Bytes of all shared memory below which the small profile is taken: fewer than about 14 large segments."""

LARGE_SEGMENT, SEGMENT = 40 << 20, 10 << 20
"""Bytes without which no segment of the one profile, and of the other, can be made."""

SETTLED = 2.0
"""Seconds after which a process has certainly locked the lock file that it has made."""

REMEDY = "in a container, start it with --shm-size=1g or --ipc=host"

_SEGMENT = re.compile(r"(fastdds|fastrtps)_[0-9a-f]{16}")


def prepare(environment: MutableMapping[str, str], memory: Path = MEMORY) -> None:
    """Make ready for Fast DDS with a profile of ours; do nothing where the user has chosen another transport.

    Stale segments are removed. Where there is little shared memory, the environment is changed to the small profile or
    to UDP alone, and one line says so; processes that are started with that environment say nothing.

    Args:
        environment: of this process and of those that it starts.
        memory: where segments lie.
    """
    profile = Path(environment.get("FASTDDS_DEFAULT_PROFILES_FILE", ""))
    small = profile.with_name(SMALL_PROFILE) if profile.name in (PROFILE, SMALL_PROFILE) else None
    if small is None or not small.is_file():
        return
    remove_stale_segments(memory)
    total, free = _size_of(memory)
    if free < SEGMENT:
        del environment["FASTDDS_DEFAULT_PROFILES_FILE"]
        environment["FASTDDS_BUILTIN_TRANSPORTS"] = "UDPv4"
        _say(f"{memory} has {free >> 20} MB left, too few for images, which now go by UDP and get lost: {REMEDY}")
    elif (total < SMALL or free < LARGE_SEGMENT) and profile != small:
        environment["FASTDDS_DEFAULT_PROFILES_FILE"] = str(small)
        left = f"{free >> 20} of {total >> 20} MB left"
        _say(f"{memory} has only {left}: fast or large images, beyond 1920x1080, may get lost; {REMEDY}")


def remove_stale_segments(memory: Path = MEMORY) -> int:
    """Remove the segments of this user's processes that are not alive any more.

    Returns:
        How many bytes of memory that has freed.
    """
    freed = 0
    with suppress(OSError):
        for path in [path for path in memory.iterdir() if _SEGMENT.fullmatch(path.name)]:
            with suppress(OSError):  # gone meanwhile, or not ours to remove
                freed += _remove_if_stale(path)
    return freed


def make_private() -> None:
    """Let no other user read this process's segments: camera images are nobody else's.

    Fast DDS makes them readable by all, whatever the umask, and only its own user could write them as is needed anyway.
    """
    with suppress(OSError):
        for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
            path = Path(line.rpartition(" ")[2])
            if path.parent == MEMORY and _SEGMENT.fullmatch(path.name):
                path.chmod(PRIVATE_FILE)


def _remove_if_stale(segment: Path) -> int:
    """Remove a segment, and its lock file, if nobody holds that lock."""
    status = segment.lstat()
    if status.st_uid != os.geteuid() or time.time() - status.st_mtime < SETTLED:
        return 0
    lock = segment.with_name(f"{segment.name}_el")
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        if status.st_size <= 1:  # there was no room for it
            segment.unlink()
        return 0
    try:
        if time.time() - os.fstat(descriptor).st_mtime < SETTLED:
            return 0
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises OSError while the owner lives
        segment.unlink()
        lock.unlink()
    finally:
        os.close(descriptor)
    return status.st_blocks * 512


def _size_of(memory: Path) -> tuple[int, int]:
    """Bytes of all shared memory, and of what is free."""
    try:
        status = os.statvfs(memory)
    except OSError:
        return 0, 0
    return status.f_frsize * status.f_blocks, status.f_frsize * status.f_bavail


def _say(text: str) -> None:
    print(f"{Path(sys.argv[0]).stem}: {text}", file=sys.stderr)
