"""Faults of a robot that moves to see people: python -m opendr_perception.bench.view.faults

`view_control` runs as users run it, in a process of its own, and moves a simulated robot before rendered faces. While
it moves, something goes wrong. From that very moment the time is counted until the last word is zero velocity; the
command timeout, 0.25 s from the last good message, is part of it.
"""

from __future__ import annotations

import math
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from lifecycle_msgs.msg import Transition
from rclpy.signals import SignalHandlerOptions

from opendr_perception import zoo
from opendr_perception.active.control import ROBOTS, Limits
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, smaller_is_better
from opendr_perception.bench.view.explorer import FACE_SIZE
from opendr_perception.bench.view.fault_trials import LONGEST, Trials, violations
from opendr_perception.bench.view.faulty_robot import PERIOD, Failures, Robot
from opendr_perception.ros.node import isolate_domain, running, spinning
from opendr_perception.sim.people import load_people
from opendr_perception.sim.portraits import take_portraits
from opendr_perception.sim.scene import Pose, Standing, facing
from opendr_perception.sim.world import World
from opendr_perception.tasks.face import Enroller, FaceDetector, FaceEmbedder, GalleryFolder, fingerprint
from opendr_perception.tasks.imaging import Image

CASE = "active"
TARGET = 0.3
"""s until the command is zero."""
ROUNDS = 5


# --- what goes wrong --------------------------------------------------------------------------------------------------

Fault = Callable[[Trials], object]


def failing(**failures: Any) -> Fault:
    """A fault of perception."""

    def fail(trials: Trials) -> None:
        with trials.robot.changed:
            trials.robot.failures = Failures(**failures)

    return fail


FAULTS: dict[str, Fault] = {
    "no more images": failing(images_lost=True),
    "the recogniser is dead": failing(recogniser_dead=True),
    "nobody is seen": failing(nobody_seen=True),
    "faces are NaN": failing(boxes_nan=True),
    "stamps are frozen": failing(stamps_frozen=True),
    "stamps go back 0.5 s": failing(shift=-0.5),
    "stamps go back 10 s": failing(shift=-10.0),
    "faces are 0.5 s late": failing(late=0.5),
    "faces are 1 s late": failing(late=1.0),
    "faces are 2 s late": failing(late=2.0),
    "the calibration is for another image": failing(calibration="another shape"),
    "the calibration is all zero": failing(calibration="zero"),
    "the camera is nowhere": failing(camera_lost=True),
    "no more scans": failing(scanner_dead=True),
    "scans are NaN": failing(scanner_blind=math.nan),
    "scans are all zero": failing(scanner_blind=0.0),
    "all is too near for the scanner": failing(scanner_blind=-math.inf),
    "scans are frozen": failing(scans_frozen=True),
    "the scanner is nowhere": failing(scanner_lost=True),
    "a wall appears": failing(wall=0.4),
    "somebody else commands": Trials.command,
    "stopped by ~/stop": Trials.stop,
    "the goal is cancelled": Trials.cancel,
    "a newer goal": lambda trials: trials.ask("static"),
    "deactivated": lambda trials: trials.change_state(Transition.TRANSITION_DEACTIVATE),
}
QUICK = (
    "no more images",
    "the recogniser is dead",
    "faces are NaN",
    "stamps are frozen",
    "scans are NaN",
    "somebody else commands",
    "stopped by ~/stop",
    "the goal is cancelled",
)
HARMLESS = {"clock goes forward 10 s": failing(shift=10.0), "clock goes forward 0.5 s": failing(shift=0.5)}
"""Nobody needs to stop then, but the limits hold."""
CLOCK_FAULTS = {
    "clock goes back 10 s": failing(shift=-10.0),
    "clock stands still": failing(clock_stands=True),
    **HARMLESS,
}


# --- the measurement --------------------------------------------------------------------------------------------------


@dataclass
class Record:
    """Measurements: the times of each fault, s, and the counts over all."""

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


def active_faults(extent: Extent) -> list[Figure]:
    """Measure the time until the robot is told to stand still after each fault, and count violations."""
    record = Record({})
    if extent is not Extent.FULL:
        few = {name: FAULTS[name] for name in extent.pick((), QUICK, QUICK[:1])}
        _session(record, "holonomic", few, rounds=1, end=signal.SIGINT)
        return list(figures(record))
    for motion in ROBOTS:
        _session(record, motion, FAULTS, ROUNDS, signal.SIGINT)
        _session(record, motion, CLOCK_FAULTS, ROUNDS, signal.SIGTERM, clock=True)
    return list(figures(record))


def _session(
    record: Record, motion: str, faults: Mapping[str, Fault], rounds: int, end: signal.Signals, clock: bool = False
) -> None:
    """Trials of one process, which a signal ends while it moves the robot."""
    random = np.random.default_rng(0)
    with _trials(motion, clock) as trials:
        for _ in range(rounds):
            for name, fault in faults.items():
                record.add(name, trials, fault, random.uniform(0.0, 0.3))
                trials.clear_up()
        record.add(end.name, trials, lambda trials: trials.program.send_signal(end), 0.0)


def figures(record: Record) -> Iterator[Figure]:
    """Figures of a record."""
    for name, times in record.times.items():
        if name not in HARMLESS:
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
        detector = FaceDetector(zoo.session("blazeface", threads=1))
        take_portraits(world, [other], folder / "gallery")
        _enrol(detector, folder / "gallery")
        scene = facing(first, 1.8, 0.6)
        image = world.reset(replace(scene, people=(*scene.people, Standing(second, Pose(-0.9, 0.6))))).image
        assert image is not None
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        stack.callback(rclpy.try_shutdown)
        robot = Robot(world, image, _landmarks(detector, image), clock)
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
    """Take in the images in the gallery."""
    name = "face-embedding"
    embedder = zoo.session(name, threads=1)
    Enroller(detector, FaceEmbedder(embedder)).synchronise(GalleryFolder(gallery, fingerprint(name, embedder)), print)


def _landmarks(detector: FaceDetector, image: np.ndarray) -> np.ndarray:
    """Of the face that is the nearest to the middle of the image, (6, 2)."""
    (faces,) = detector([Image(image, "rgb8")])
    middle = image.shape[1] / 2
    return np.asarray(min(faces.landmarks, key=lambda points: abs(float(points[:, 0].mean()) - middle)))


def main() -> None:
    """Measure, and print the figures."""
    isolate_domain()
    for figure in active_faults(Extent.QUICK if "--quick" in sys.argv[1:] else Extent.FULL):
        print(f"{figure.metric}: {figure.ours:.3g} {figure.unit}" + ("" if figure.met else " (target missed)"))


if __name__ == "__main__":
    main()
