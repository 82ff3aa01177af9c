"""Child processes that end with this one."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

PR_SET_PDEATHSIG = 1
# Not `-m`: it looks into the current directory first, and a source tree there has no messages.
RUN_MODULE = """import runpy, sys
sys.path[:] = filter(None, sys.path)
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)"""
PATIENCE = 5.0
"""Seconds that a program has to stop after SIGINT before it is killed."""


@contextmanager
def running(commands: Sequence[Sequence[str]], output: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run Python modules as programs, and stop them all at the end.

    Args:
        commands: for each program the name of its module, then its arguments.
        output: file descriptor that takes what they print.
    """
    programs: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            program = [sys.executable, "-c", RUN_MODULE, *command]
            programs.append(subprocess.Popen(program, stdout=output, stderr=output, preexec_fn=end_with_parent))
        yield programs
    finally:
        for child in programs:
            child.send_signal(signal.SIGINT)
        deadline = time.monotonic() + PATIENCE
        for child in programs:
            try:
                child.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def end_with_parent() -> None:
    """Ask Linux for SIGINT when the parent dies, so that even `kill -9` leaves no program behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
