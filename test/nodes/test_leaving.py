"""The last command that a robot hears is zero, and the status is 0, whatever ends a process, and however
impatiently."""

from __future__ import annotations

import itertools
import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Twist
from opendr_perception.action import IdentifyPerson
from opendr_perception.msg import Box, Face, FaceArray, Keypoint
from sensor_msgs.msg import CameraInfo, Image

FOCAL, WIDTH, HEIGHT, FACE_SIZE, PERIOD = 500.0, 640, 480, 0.15, 0.05
LANDMARKS = ((-0.2, -0.1), (0.2, -0.1), (0.0, 0.1), (0.0, 0.25), (-0.45, 0.0), (0.45, 0.0))
ZERO = (0.0, 0.0, 0.0)
ZEROS = 5
INT, TERM, HUP, QUIT = signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT

SLOW_NEIGHBOUR = """
import threading
from opendr_perception.nodes.view_control import ViewControl
from opendr_perception.ros.node.managed import ManagedNode
from opendr_perception.ros.node.runner import main


class Slow(ManagedNode):
    NAME = "slow"

    def deactivate(self):
        threading.Event().wait(0.7)
        raise SystemExit("and it fails in the end")


main(Slow, ViewControl)
"""


class Robot:
    """Two metres before a person, whom it always sees; it does as it is told."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.position, self.heading, self.person = np.zeros(2), 0.0, np.array([2.0, 0.0])
        self.commands: list[tuple[float, float, float]] = [ZERO]
        kinds = {"image_raw": Image, "camera_info": CameraInfo, "faces": FaceArray}
        self.publishers = {topic: graph.publisher(kind, topic) for topic, kind in kinds.items()}
        graph.observer.create_subscription(Twist, "cmd_vel", self._take, 100)
        self.stamp: Time | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def _take(self, twist: Twist) -> None:
        with self.graph.changed:
            self.commands.append((twist.linear.x, twist.linear.y, twist.angular.z))
            self.graph.changed.notify_all()

    def _run(self) -> None:
        image = self.graph.image(np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
        while not self._done.wait(PERIOD):
            x, y, turn = self.commands[-1]
            c, s = math.cos(self.heading), math.sin(self.heading)
            self.position = self.position + PERIOD * np.array([c * x - s * y, s * x + c * y])
            self.heading += turn * PERIOD
            image.header = header = self.graph.header()
            matrix = [FOCAL, 0.0, WIDTH / 2, 0.0, FOCAL, HEIGHT / 2, 0.0, 0.0, 1.0]
            self.publishers["camera_info"].publish(CameraInfo(header=header, width=WIDTH, height=HEIGHT, k=matrix))
            self.publishers["image_raw"].publish(image)
            if self.stamp is not None:
                header.stamp = self.stamp
            self.publishers["faces"].publish(FaceArray(header=header, width=WIDTH, height=HEIGHT, faces=[self._face()]))

    def _face(self) -> Face:
        away = self.person - self.position
        bearing, size = math.atan2(away[1], away[0]) - self.heading, FOCAL * FACE_SIZE / float(np.hypot(*away))
        u, v = WIDTH / 2 - FOCAL * math.tan(bearing), HEIGHT / 2
        box = Box(x_min=u - size / 2, x_max=u + size / 2, y_min=v - size / 2, y_max=v + size / 2)
        points = [Keypoint(x=u + x * size, y=v + y * size, score=1.0) for x, y in LANDMARKS]
        return Face(track_id="7", score=0.9, box=box, landmarks=points)

    def begin_to_move(self) -> None:
        """Ask for an identification, and wait until it moves the robot."""
        self.graph.goals(IdentifyPerson, "view_control/identify").send(policy="random")
        self.graph.wait(lambda: math.hypot(*self.commands[-1][:2]) > 0.1, lambda: f"{self.commands[-3:]}")

    def check_it_stands(self) -> None:
        """Zero was said as often as is promised, and nothing else after it."""
        assert any(command != ZERO for command in self.commands)
        self.graph.wait(
            lambda: self.commands[-ZEROS:] == [ZERO] * ZEROS, lambda: f"the last commands are {self.commands[-6:]}", 5.0
        )


@pytest.fixture
def moving(graph: Any, gallery: str) -> Iterator[Callable[..., tuple[Any, Robot]]]:
    """Starts a program, and gives it with the robot that it moves."""
    robots: list[Robot] = []

    def start(*program: str) -> tuple[Any, Robot]:
        process = graph.process(
            *program,
            *["--ros-args", "-r", f"__ns:={graph.namespace}", "-p", f"gallery:={gallery}", "-p", "threads:=1"],
            *["-p", "camera_pose:=[0.0, 0.0, 0.0, 0.0, 0.0, 0.0]"],
            *["-p", "command_timeout:=1.0"],  # a busy machine must not stop the robot before the signals do
        )
        robots.append(Robot(graph))
        robots[-1].begin_to_move()
        return process, robots[-1]

    yield start
    for robot in robots:
        robot.close()


def leave(process: Any, first: signal.Signals, second: signal.Signals | None, gap: float, group: bool) -> None:
    """Send the signals, and see that the process ends in order."""
    process.signal(first, group)
    if second is not None:
        time.sleep(gap)
        process.signal(second, group)
    assert process.end() == 0, process.output
    assert "Traceback" not in process.output


SOME = [
    (HUP, None, 0.0, False),
    (QUIT, None, 0.0, True),
    (INT, INT, 0.02, False),
    (INT, INT, 0.06, True),
    (TERM, INT, 0.0, False),
    (INT, TERM, 0.0, True),
]
KINDS = (INT, TERM, HUP, QUIT)
ALL = list(itertools.product(KINDS, KINDS, (0.0, 0.02, 0.06, 0.1), (False, True)))


def check_leaving(moving: Any, tmp_path: Path, *signals: Any) -> None:
    script = tmp_path / "slow_neighbour.py"
    script.write_text(SLOW_NEIGHBOUR)
    process, robot = moving(sys.executable, str(script))
    leave(process, *signals)
    assert "slow: SystemExit: and it fails in the end" in process.output
    robot.check_it_stands()


@pytest.mark.parametrize(("first", "second", "gap", "group"), SOME)
def test_signals_leave_the_robot_standing_beside_a_slow_node_that_fails(
    moving: Any, tmp_path: Path, first: Any, second: Any, gap: float, group: bool
) -> None:
    check_leaving(moving, tmp_path, first, second, gap, group)


@pytest.mark.soak
@pytest.mark.parametrize(("first", "second", "gap", "group"), ALL)
def test_all_pairs_of_signals_leave_the_robot_standing(
    moving: Any, tmp_path: Path, first: Any, second: Any, gap: float, group: bool
) -> None:
    check_leaving(moving, tmp_path, first, second, gap, group)


def test_signals_leave_the_robot_standing_beside_a_perception_node(moving: Any) -> None:
    process, robot = moving(
        "opendr-perception",
        "run",
        "face_recognition",
        "view_control",
        "--ros-args",
        "-r",
        "face_recognition:faces:=other",
    )
    leave(process, INT, INT, 0.02, True)
    robot.check_it_stands()


def test_a_stamp_before_1970_stops_the_robot_and_not_the_process(graph: Any, moving: Any) -> None:
    process, robot = moving("view_control")
    robot.stamp = Time(sec=-1)
    robot.check_it_stands()
    process.says("faces: the stamp is negative: -1 s")
    graph.clear_diagnostics()
    graph.diagnosis("view_control", "active")
    leave(process, TERM, None, 0.0, False)
