"""Connections to a port of this machine: a viewer that nobody has opened costs nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
ESTABLISHED = "01"


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """True if nobody listens to a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def watchers(port: int) -> int:
    """Connections to a port, without those that this process has opened to it."""
    rows = list(_established())
    own = _own_sockets()
    mine = sum(remote == port and inode in own for _, remote, inode in rows)
    return max(0, sum(local == port for local, _, _ in rows) - mine)


def _established() -> Iterator[tuple[int, int, str]]:
    """Local port, remote port and inode of every connection."""
    for table in TABLES:
        for line in table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == ESTABLISHED:
                yield int(fields[1].rpartition(":")[2], 16), int(fields[2].rpartition(":")[2], 16), fields[9]


def _own_sockets() -> set[str]:
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:  # it was that of the listing
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found
