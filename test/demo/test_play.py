"""Players of the demonstration end cleanly, and say at once what keeps them from going on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore

from opendr_perception.demo.play import DemoInput

TYPES = get_typestore(Stores.LATEST)
IMAGE = "sensor_msgs/msg/Image"

ENDINGS = """
import sys, threading, time
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from opendr_perception.demo.play import listening
from opendr_perception.ros.node.runner import isolate_domain

class Busy(Node):
    def __init__(self):
        super().__init__("busy")
        self.failure = ""
        self.timers_ = [self.create_timer(0.0001, lambda: None) for _ in range(8)]
    def close(self):
        self.destroy_node()

spinning = []
shutdown = SingleThreadedExecutor.shutdown
def watched(self, timeout_sec=None):
    spinning.extend(thread.name for thread in threading.enumerate() if thread.name == "recorder")
    return shutdown(self, timeout_sec)
SingleThreadedExecutor.shutdown = watched
isolate_domain()
sys.setswitchinterval(1e-5)
for k in range(8):
    with listening(Busy) as busy:
        time.sleep(0.02 + 0.003 * k)
    assert not busy.failure, busy.failure
assert not spinning, "callbacks may be under way"
"""

FAULT = """
import sys, time
from pathlib import Path
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from opendr_perception.demo.play import FACES, DemoError, check, listening
from opendr_perception.demo.recorder import ResultRecorder
from opendr_perception.ros.node.runner import isolate_domain

isolate_domain()
folder = Path(sys.argv[1])
(folder / "nodes.log").touch()
with listening(lambda: ResultRecorder(folder, {"camera": FACES})) as recorder:
    publisher = recorder.create_publisher(DiagnosticArray, "/diagnostics", 10)
    fault = DiagnosticStatus(name="/camera/video_source", level=DiagnosticStatus.ERROR, message="cannot play: torn")
    try:
        for _ in range(100):
            publisher.publish(DiagnosticArray(status=[fault]))
            check(recorder, [], folder / "nodes.log")
            time.sleep(0.05)
    except DemoError as error:
        print(error)
"""


def python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ROS_DOMAIN_ID": str(1 + os.getpid() % 100)}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True, text=True, timeout=120, check=False, env=environment, cwd="/",
    )  # fmt: skip


def test_listening_ends_before_what_it_needs_is_taken_away() -> None:
    done = python(ENDINGS)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_source_that_fails_ends_it_with_its_cause(tmp_path: Path) -> None:
    done = python(FAULT, str(tmp_path))
    assert done.stdout.strip() == "camera/video_source: cannot play: torn", done.stderr


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/people.mp4", "people.mp4"),
        ("0", "0"),
        ("bag/", "bag"),
        ("rtsp://user:secret@10.0.0.5/ch1", "ch1"),
        ("rtsp://user:secret@10.0.0.5", "***@10.0.0.5"),
    ],
)
def test_a_source_has_a_name_without_passwords(path: str, name: str) -> None:
    assert DemoInput(path).name == name


def depth_bag(path: Path) -> Path:
    time_ = TYPES.types["builtin_interfaces/msg/Time"](sec=7, nanosec=0)
    header = TYPES.types["std_msgs/msg/Header"](stamp=time_, frame_id="eye")
    message = TYPES.types[IMAGE](header, 48, 64, "16UC1", 0, 128, np.zeros(48 * 128, np.uint8))
    with Writer(path, version=9) as writer:
        connection = writer.add_connection("/depth/image_raw", IMAGE, typestore=TYPES)
        writer.write(connection, 10**9, TYPES.serialize_cdr(message, IMAGE))
    return path


@pytest.mark.parametrize(
    ("make", "arguments", "problem"),
    [
        (depth_bag, (), "/depth/image_raw: 16UC1 is depth"),
        (depth_bag, ("--topic", "colour"), "no image topic colour; it has /depth/image_raw"),
        (None, (), "No such file"),
    ],
)
def test_what_cannot_be_played_ends_the_demonstration_at_once(
    tmp_path: Path, make: object, arguments: tuple[str, ...], problem: str
) -> None:
    path = tmp_path / "bag"
    if callable(make):
        make(path)
    begun = time.monotonic()
    command = ["opendr-perception", "demo", "--source", str(path), "--headless", "--output", str(tmp_path / "out")]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert problem in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert time.monotonic() - begun < 60, "seconds, and not until nothing has come for long"


@pytest.mark.parametrize("command", [["demo", "--source"], ["run", "video_source", "--ros-args", "-p"]])
def test_a_name_that_is_not_utf8_is_one_line(tmp_path: Path, command: list[str]) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.mp4"
    last = name if command[0] == "demo" else b"path:=" + name
    done = subprocess.run([b"opendr-perception", *map(os.fsencode, command), last], capture_output=True, timeout=120)
    assert done.returncode == 1
    assert b"caf\\xe9.mp4: ROS takes no names that are not UTF-8" in done.stderr
    assert len(done.stderr.splitlines()) == 1
