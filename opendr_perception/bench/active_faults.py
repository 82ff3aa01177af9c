"""What a robot that moves to see people does when something fails: python -m opendr_perception.bench.active_faults

`view_control` runs as users run it, in a process of its own, and moves a simulated robot before rendered faces. While
it moves, something goes wrong. From that very moment the time is counted until the last word is zero velocity; the
command timeout, 0.25 s from the last good message, is part of it.
"""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.action import ActionClient
from rclpy.signals import SignalHandlerOptions

from opendr_perception import zoo
from opendr_perception.action import IdentifyPerson
from opendr_perception.active.geometry import STILL
from opendr_perception.active.safety import Limits
from opendr_perception.bench.camera import spinning
from opendr_perception.bench.faulty_robot import PERIOD, Failures, Heard, Robot
from opendr_perception.bench.figure import Figure, smaller_is_better
from opendr_perception.bench.simulated_explorer import FACE_SIZE
from opendr_perception.engine.session import Session
from opendr_perception.ros.programs import running
from opendr_perception.ros.run import keep_to_ourselves
from opendr_perception.sim.people import load_people
from opendr_perception.sim.portraits import take_portraits
from opendr_perception.sim.scene import Pose, Standing, facing
from opendr_perception.sim.world import World
from opendr_perception.tasks.enrolment import Enroller, fingerprint
from opendr_perception.tasks.face import FaceDetector
from opendr_perception.tasks.face_views import FaceEmbedder
from opendr_perception.tasks.gallery import GalleryFolder
from opendr_perception.tasks.image import Image

CASE = "active"
TARGET = 0.3
"""s until the command is zero."""
FAST = 0.1
"""m/s, from which on it moves."""
WATCHED = 0.9
"""s after the fault, in which commands are heard."""
LONGEST = 60.0
"""s for what takes a few."""
ROUNDS, ATTEMPTS = 5, 10


class Trials:
    """One `view_control` under test.

    Args:
        robot: that it moves.
        program: the process that it runs in.
    """

    def __init__(self, robot: Robot, program: subprocess.Popen[bytes]) -> None:
        self.robot, self.program = robot, program
        self.inactive = False
        self._goals: list[Any] = []
        self._client: Any = ActionClient(robot, IdentifyPerson, "view_control/identify")
        self._lifecycle: Any = robot.create_client(ChangeState, "view_control/change_state")
        if not self._client.wait_for_server(LONGEST):
            raise RuntimeError("view_control does not start")

    def provoke(self, fault: Callable[[Trials], object], delay: float) -> tuple[float, Sequence[Heard]]:
        """Let the robot move, let something fail a while later, and look what happens.

        Returns:
            Seconds from the fault to the end of the last motion, and all commands of the trial.
        """
        self._set_in_motion()
        time.sleep(delay)
        began = time.monotonic()
        fault(self)
        time.sleep(max(0.0, began + WATCHED - time.monotonic()))
        with self.robot.changed:
            heard = tuple(self.robot.heard)
            self.robot.failures = Failures()
        if self.program.poll() is None:
            self._clear_up()
        return stopped_after(heard, began), heard

    def _set_in_motion(self) -> None:
        """On a busy machine the robot may stop for want of news before anything is made to fail: try again then."""
        for _ in range(ATTEMPTS):
            self.robot.begin()
            if self._moves(self.answer(self.ask("random")).get_result_async()):
                return
            self._goals.clear()
        raise RuntimeError("the robot does not move")

    def _moves(self, result: Any) -> bool:
        """Wait until it moves; False when the goal ends before."""
        self._wait(lambda: self.robot.velocity.speed > FAST or result.done(), "neither motion nor an answer")
        return not result.done()

    def ask(self, policy: str) -> Any:
        """Send a goal; its handle is in the future."""
        self._goals.append(self._client.send_goal_async(IdentifyPerson.Goal(policy=policy)))
        return self._goals[-1]

    def cancel(self) -> None:
        """Cancel all goals."""
        for goal in self._goals:
            if goal.done():
                goal.result().cancel_goal_async()

    def change_state(self, transition: int) -> Any:
        """Ask for a transition; the answer is in the future."""
        self.inactive = transition == Transition.TRANSITION_DEACTIVATE
        return self._lifecycle.call_async(ChangeState.Request(transition=Transition(id=transition)))

    def _clear_up(self) -> None:
        """Wait until nothing is under way, and the node is active."""
        handles = [self.answer(goal) for goal in self._goals]
        self.cancel()
        for handle in handles:
            if handle.accepted:
                self.answer(handle.get_result_async())
        self._goals.clear()
        if self.inactive:
            self.answer(self.change_state(Transition.TRANSITION_ACTIVATE))

    def answer(self, future: Any) -> Any:
        """Wait for an answer."""
        self._wait(future.done, "no answer")
        return future.result()

    def _wait(self, done: Callable[[], bool], missing: str) -> None:
        deadline = time.monotonic() + LONGEST
        with self.robot.changed:
            while not done():
                if time.monotonic() > deadline:
                    raise RuntimeError(f"view_control: {missing}")
                self.robot.changed.wait(0.01)


def stopped_after(heard: Sequence[Heard], began: float) -> float:
    """Seconds from a moment to the first zero that nothing but zeros follow; infinite if there is none."""
    last = max((k for k, command in enumerate(heard) if command.velocity != STILL), default=-1)
    end = next((command.moment for command in heard[last + 1 :] if command.moment >= began), math.inf)
    return end - began if last + 1 < len(heard) else math.inf


def violations(heard: Sequence[Heard], limits: Limits) -> int:
    """How many commands are beyond the limits; one period is granted to the stamps, which are not those of the loop."""
    count = 0
    for before, now in pairwise([Heard(0.0, 0.0, STILL), *heard]):
        seconds = now.stamp - before.stamp
        if not 0 <= seconds < 1:
            seconds = PERIOD  # a pause, after which it begins at rest; or the clock has jumped
        a, b = before.velocity, now.velocity
        too_fast = b.speed > limits.max_linear + 1e-6 or abs(b.yaw) > limits.max_angular + 1e-6
        change, turn = math.hypot(b.x - a.x, b.y - a.y), abs(b.yaw - a.yaw)
        seconds += PERIOD
        sudden = change > limits.max_acceleration * seconds or turn > limits.max_angular_acceleration * seconds
        count += too_fast or (b != STILL and sudden)
    return count


# --- what goes wrong --------------------------------------------------------------------------------------------------

Fault = Callable[[Trials], object]


def failing(**failures: Any) -> Fault:
    """A fault of perception."""

    def fail(trials: Trials) -> None:
        with trials.robot.changed:
            trials.robot.failures = Failures(**failures)

    return fail


def signalled(number: signal.Signals) -> Fault:
    """The end of the program."""
    return lambda trials: trials.program.send_signal(number)


FAULTS: dict[str, Fault] = {
    "no more images": failing(images_lost=True),
    "the recogniser is dead": failing(recogniser_dead=True),
    "nobody is seen": failing(nobody_seen=True),
    "faces are NaN": failing(boxes_nan=True),
    "stamps are frozen": failing(stamps_frozen=True),
    "stamps go back 0.5 s": failing(shift=-0.5),
    "stamps go back 10 s": failing(shift=-10.0),
    "faces are 0.5 s late": failing(late=0.5),
    "no more scans": failing(scanner_dead=True),
    "a wall appears": failing(wall=0.4),
    "the goal is cancelled": Trials.cancel,
    "a newer goal": lambda trials: trials.ask("static"),
    "deactivated": lambda trials: trials.change_state(Transition.TRANSITION_DEACTIVATE),
}
CLOCK_FAULTS = {"clock goes back 10 s": failing(shift=-10.0)}
JUMP = "clock goes forward 10 s"
"""Nobody needs to stop then, but the limits hold."""


# --- the measurement --------------------------------------------------------------------------------------------------


@dataclass
class Record:
    """What was measured: the times of each fault, s, and what was counted over all."""

    times: dict[str, list[float]]
    commands: int = 0
    violations: int = 0
    contacts: int = 0

    def add(self, name: str, trials: Trials, fault: Fault, delay: float) -> None:
        """Make one trial."""
        seconds, heard = trials.provoke(fault, delay)
        self.times.setdefault(name, []).append(seconds)
        self.commands += len(heard)
        self.violations += violations(heard, Limits())
        self.contacts += len(trials.robot.contacts)


def active_faults(quick: bool) -> list[Figure]:
    """How soon the robot is told to stand still after each fault, and what else must not happen."""
    record, random = Record({}), np.random.default_rng(0)
    rounds = 1 if quick else ROUNDS

    def repeat(trials: Trials, faults: Mapping[str, Fault]) -> None:
        for _ in range(rounds):
            for name, fault in faults.items():
                record.add(name, trials, fault, random.uniform(0.0, 0.3))

    for motion in ("holonomic",) if quick else ("holonomic", "differential"):
        with _trials(motion, clock=False) as trials:
            repeat(trials, FAULTS)
            record.add("SIGINT", trials, signalled(signal.SIGINT), 0.0)
        with _trials(motion, clock=True) as trials:
            repeat(trials, {**CLOCK_FAULTS, JUMP: failing(shift=10.0)})
            record.add("SIGTERM", trials, signalled(signal.SIGTERM), 0.0)
    return list(figures(record))


def figures(record: Record) -> Iterator[Figure]:
    """What is shown of it."""
    for name, times in record.times.items():
        if name != JUMP:
            text = f"time to zero velocity, {name}, worst of {len(times)}"
            yield smaller_is_better(CASE, text, "s", max(times), TARGET)
    count = sum(map(len, record.times.values()))
    yield smaller_is_better(CASE, f"contacts, {count} faults while moving", "", record.contacts, 0)
    text = f"commands beyond the limits, of {record.commands} around {count} faults"
    yield smaller_is_better(CASE, text, "", record.violations, 0)


@contextmanager
def _trials(motion: str, clock: bool) -> Iterator[Trials]:
    """`view_control` and a robot before two people, of whom nobody is enrolled."""
    known = load_people()[:3]
    first, second, other = (person.name for person in known)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        world = stack.enter_context(World(motion, rate=1 / PERIOD, people=known))
        detector = FaceDetector(Session(zoo.require("blazeface").path, threads=1))
        take_portraits(world, [other], folder / "gallery")
        _enrol(detector, folder / "gallery")
        scene = facing(first, 1.8, 0.6)
        picture = world.reset(replace(scene, people=(*scene.people, Standing(second, Pose(-0.9, 0.6))))).image
        assert picture is not None
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        stack.callback(rclpy.try_shutdown)
        robot = Robot(world, picture, _landmarks(detector, picture), clock)
        stack.callback(robot.close)
        stack.enter_context(spinning([robot]))
        options = {"motion": motion, "stamped": "true", "use_sim_time": str(clock).lower(), "threads": "1"}
        options |= {"gallery": str(folder / "gallery"), "face_size": str(FACE_SIZE)}
        arguments = [part for name, value in options.items() for part in ("-p", f"{name}:={value}")]
        command = ["opendr_perception.nodes.view_control", "--ros-args", *arguments]
        log = stack.enter_context(open(folder / "log", "wb"))
        (program,) = stack.enter_context(running([command], log.fileno()))
        trials = Trials(robot, program)
        yield trials
        if program.wait(LONGEST):
            raise RuntimeError(f"view_control ended with status {program.returncode}: {(folder / 'log').read_text()}")


def _enrol(detector: FaceDetector, gallery: Path) -> None:
    """Take in the pictures in the gallery."""
    name = "face-embedding"
    embedder = Session(zoo.require(name).path, threads=1)
    Enroller(detector, FaceEmbedder(embedder)).synchronise(GalleryFolder(gallery, fingerprint(name, embedder)), print)


def _landmarks(detector: FaceDetector, picture: np.ndarray) -> np.ndarray:
    """Of the face that is the nearest to the middle of the picture, (6, 2)."""
    (faces,) = detector([Image(picture, "rgb8")])
    middle = picture.shape[1] / 2
    return np.asarray(min(faces.landmarks, key=lambda points: abs(float(points[:, 0].mean()) - middle)))


def main() -> None:
    """Measure, and print the figures."""
    keep_to_ourselves()
    for figure in active_faults("--quick" in sys.argv[1:]):
        print(f"{figure.metric}: {figure.ours:.3g} {figure.unit}" + ("" if figure.met else " (target missed)"))


if __name__ == "__main__":
    main()
