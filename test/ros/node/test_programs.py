"""Programs that run beside this one end with it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from opendr_perception.ros.node.programs import running

SLEEPER = """
import signal, sys
{what}
print("ready", *sys.argv[1:], flush=True)
while True:
    signal.pause()
"""


def start(folder: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "sleeper.py").write_text(SLEEPER.format(what=what))
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)


def test_they_run_with_their_arguments_and_are_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(tmp_path, "signal.signal(signal.SIGINT, lambda *_: sys.exit(3))", monkeypatch)
    read, write = os.pipe()
    with running([["sleeper", "a", "b"]], write) as programs, open(read, encoding="utf-8") as output:
        assert output.readline() == "ready a b\n"
    os.close(write)
    assert [program.returncode for program in programs] == [3]


def test_who_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(tmp_path, "signal.signal(signal.SIGINT, signal.SIG_IGN)", monkeypatch)
    monkeypatch.setattr("opendr_perception.ros.node.programs.PATIENCE", 0.1)
    read, write = os.pipe()
    with running([["sleeper"]], write) as programs, open(read, encoding="utf-8") as output:
        output.readline()
    os.close(write)
    assert programs[0].returncode == -signal.SIGKILL
