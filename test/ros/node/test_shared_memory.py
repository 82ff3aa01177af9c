"""Shared memory of Fast DDS: what the killed have left goes, what is in use stays, and little of it is enough."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from opendr_perception.ros.node import runner, shared_memory
from opendr_perception.ros.node.shared_memory import MEMORY, PROFILE, SMALL_PROFILE, prepare, remove_stale_segments

OLD = time.time() - 100


def segment(memory: Path, number: int, size: int = 5000, age: float = 100) -> Path:
    path = memory / f"fastdds_{number:016x}"
    for name, content in ((path.name, bytes(size)), (f"{path.name}_el", b"")):
        (memory / name).write_bytes(content)
        os.utime(memory / name, (time.time() - age,) * 2)
    return path


def test_a_segment_whose_lock_nobody_holds_is_removed(tmp_path: Path) -> None:
    segment(tmp_path, 1)
    used = segment(tmp_path, 2)
    with used.with_name(f"{used.name}_el").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert remove_stale_segments(tmp_path) > 0
        assert {path.name for path in tmp_path.iterdir()} == {used.name, f"{used.name}_el"}
    remove_stale_segments(tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_has_just_been_made_is_left_alone(tmp_path: Path) -> None:
    segment(tmp_path, 1, age=0)
    assert remove_stale_segments(tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 2


def test_what_is_no_segment_of_ours_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["fastdds_port7000", "fastdds_port7000_el", "sem.fastdds_port7000_mutex", "my_data", "fastdds_xyz"]
    for name in [*names, "fastdds_0000000000000009"]:  # the last has no lock
        (tmp_path / name).write_bytes(b"12")
        os.utime(tmp_path / name, (OLD, OLD))
    assert remove_stale_segments(tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 6
    segment(tmp_path, 1)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert remove_stale_segments(tmp_path) == 0


def test_what_found_no_room_is_removed(tmp_path: Path) -> None:
    (tmp_path / "fastdds_0000000000000001").write_bytes(b"\0")
    os.utime(tmp_path / "fastdds_0000000000000001", (OLD, OLD))
    remove_stale_segments(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_place_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    assert remove_stale_segments(tmp_path / "absent") == 0


PARTICIPANT = """
    import os, sys, rclpy
    from opendr_perception.ros.node.runner import choose_transport
    from opendr_perception.ros.node.shared_memory import make_private
    choose_transport()
    rclpy.init()
    node = rclpy.create_node("participant")
    make_private()
    maps = open("/proc/self/maps").read().split()
    print(*{word for word in maps if word.startswith("/dev/shm/fastdds_") and "port" not in word}, flush=True)
    sys.stdin.read()
"""


def participant(domain: int) -> tuple[subprocess.Popen[str], set[Path]]:
    """A process with a segment, and the files that are its: alone in its domain, since it opens those of others too."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FASTDDS_", "FASTRTPS_"))}
    environment |= {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "ROS_DOMAIN_ID": str(domain)}
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARTICIPANT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd="/",  # not where the sources lie
    )
    assert process.stdout is not None
    return process, {Path(word) for word in process.stdout.readline().split()}


@pytest.mark.skipif(not MEMORY.is_dir(), reason="this system has no /dev/shm")
def test_the_segment_of_a_killed_process_goes_and_that_of_a_living_one_stays() -> None:
    killed, left = participant(88)
    living, used = participant(89)
    try:
        assert left
        assert used
        assert max(path.stat().st_size for path in used) > 32 << 20
        assert {stat.S_IMODE(path.stat().st_mode) for path in used | left} == {0o600}, "images are nobody else's"
        killed.kill()
        killed.wait()
        assert all(path.exists() for path in left)
        for path in left:  # as if it had been killed long ago; others that start meanwhile must not be hurt
            for file in (path, path.with_name(f"{path.name}_el")):
                os.utime(file, (OLD, OLD))
        remove_stale_segments()
        assert not [path for path in left if path.exists()]
        assert not [path for path in left if path.with_name(f"{path.name}_el").exists()]
        assert all(path.exists() for path in used)
    finally:
        for process in (killed, living):
            process.send_signal(signal.SIGKILL)
            process.communicate()
        remove_stale_segments()


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    for name in (PROFILE, SMALL_PROFILE):
        shutil.copy(runner.share_directory() / "config" / name, tmp_path)
    return tmp_path


def room(monkeypatch: pytest.MonkeyPatch, total: int, free: int) -> None:
    monkeypatch.setattr(shared_memory, "_size_of", lambda memory: (total << 20, free << 20))


def test_with_enough_memory_nothing_is_changed_or_said(
    profiles: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"FASTDDS_DEFAULT_PROFILES_FILE": str(profiles / PROFILE)}
    room(monkeypatch, 8000, 8000)
    prepare(environment, profiles)
    assert environment == {"FASTDDS_DEFAULT_PROFILES_FILE": str(profiles / PROFILE)}
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("total", "free"), [(64, 60), (8000, 30)])
def test_with_little_memory_segments_are_small_and_one_line_says_so(
    profiles: Path, total: int, free: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"FASTDDS_DEFAULT_PROFILES_FILE": str(profiles / PROFILE)}
    room(monkeypatch, total, free)
    for _ in range(2):  # the second is a process that the first has started
        prepare(environment, profiles)
        assert environment == {"FASTDDS_DEFAULT_PROFILES_FILE": str(profiles / SMALL_PROFILE)}
    (line,) = capsys.readouterr().err.splitlines()
    assert f"has only {free} of {total} MB left" in line
    assert "--shm-size=1g or --ipc=host" in line


def test_with_no_memory_left_images_go_by_udp_and_one_line_says_so(
    profiles: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"FASTDDS_DEFAULT_PROFILES_FILE": str(profiles / SMALL_PROFILE)}
    room(monkeypatch, 64, 3)
    for _ in range(2):
        prepare(environment, profiles)
        assert environment == {"FASTDDS_BUILTIN_TRANSPORTS": "UDPv4"}
    (line,) = capsys.readouterr().err.splitlines()
    assert "has 3 MB left" in line
    assert "--shm-size=1g or --ipc=host" in line


@pytest.mark.parametrize("choice", [{}, {"FASTDDS_DEFAULT_PROFILES_FILE": "/etc/mine.xml"}])
def test_another_transport_is_the_users_affair(tmp_path: Path, choice: dict[str, str]) -> None:
    segment(tmp_path, 1)
    environment = dict(choice)
    prepare(environment, tmp_path)
    assert environment == choice
    assert len(list(tmp_path.iterdir())) == 2


def may_mount() -> bool:
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", "/dev/shm"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="mounting a small /dev/shm is not allowed here (needs root)")
@pytest.mark.parametrize(("size", "line"), [("64m", "of 64 MB left"), ("6m", "has 5 MB left")])
def test_a_process_starts_without_red_errors_where_shared_memory_is_as_small_as_in_docker(size: str, line: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FASTDDS_", "FASTRTPS_"))}
    mount = f'mount -t tmpfs -o size={size} tmpfs /dev/shm && exec "$@"'
    command = ["unshare", "-m", "sh", "-c", mount, "sh", sys.executable, "-c", textwrap.dedent(PARTICIPANT)]
    environment["ROS_DOMAIN_ID"] = "88"
    done = subprocess.run(command, input="", capture_output=True, text=True, env=environment, cwd="/")
    assert done.returncode == 0, done.stderr
    (said,) = done.stderr.splitlines()
    assert line in said
    if size == "64m":  # with less, Fast DDS may still make a small segment of its own beside UDP
        assert done.stdout.strip()
