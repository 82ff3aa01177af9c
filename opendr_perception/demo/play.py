"""Plays recordings through the nodes, each program in a process of its own, and writes down what comes out."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from opendr_perception.demo.recorder import Recorded, ResultRecorder
from opendr_perception.demo.report import Report, report_of
from opendr_perception.files import write_text
from opendr_perception.msg import (
    ActionArray,
    BodyPoseArray,
    DetectionArray,
    EmotionArray,
    FaceArray,
    HeartState,
    VoiceArray,
)
from opendr_perception.ros.node import ExecutorThread, carried, isolate_domain, running
from opendr_perception.tasks.imaging import printable
from opendr_perception.tasks.recordings import without_password

BODIES = (
    Recorded("pose_estimation", BodyPoseArray, "poses", "poses"),
    Recorded("person_detection", DetectionArray, "persons", "detections"),
    Recorded("action_recognition", ActionArray, "actions", "actions"),
)
FACES = (
    Recorded("face_recognition", FaceArray, "faces", "faces"),
    Recorded("emotion_recognition", EmotionArray, "emotions", "emotions"),
)

VOICES = Recorded("voice_activity", VoiceArray, "voices", "")
HEART = Recorded("heart_anomaly", HeartState, "heart", "")

VIEW_URL = "http://127.0.0.1:9090/"
START_TIMEOUT = 180.0
"""Seconds until the first result: loading models takes seconds, on a small and busy machine many."""


class DemoError(RuntimeError):
    """The demonstration cannot go on; the text says why in one line."""


@dataclass(frozen=True)
class DemoInput:
    """Input to play, and the nodes that process it; the film shows what the first of them draws.

    Args:
        path: As `video_source` takes it.
        nodes: Those that look at it.
        topic: Of a bag; '' for the first one that can be decoded.
    """

    path: str
    nodes: tuple[Recorded, ...] = BODIES + FACES
    topic: str = ""

    @property
    def name(self) -> str:
        """Name in messages and reports."""
        return printable(without_password(self.path).rstrip("/").rpartition("/")[2] or self.path)

    def options(self) -> Sequence[str]:
        """For the node `video_source`; quoted, since a camera's number is text."""
        values = {"path": self.path, **({"topic": self.topic} if self.topic else {})}
        return [
            part for key, text in values.items() for part in ("-p", f"{key}:={json.dumps(text, ensure_ascii=False)}")
        ]


@dataclass(frozen=True)
class DemoSound:
    """Sound to play, and the node that hears it.

    Args:
        path: as `audio_source` takes it.
        node: that hears it.
        parameters: of the node, as `name:=value`.
    """

    path: Path
    node: Recorded
    parameters: tuple[str, ...] = ()


def play(
    sources: Mapping[str, DemoInput],
    seconds: float,
    folder: Path,
    gallery: Path | None = None,
    view: bool = False,
    sounds: Mapping[str, DemoSound] | None = None,
) -> Report:
    """Run the suite on recordings, in a loop, and write `results.jsonl`, `annotated.mp4` and `summary.json`.

    Args:
        sources: what each stream shows, by its name.
        seconds: how long, from the first result; Ctrl-C ends it earlier.
        folder: where to write.
        gallery: of the faces that are known; None for the user's own.
        view: whether everything is shown in a browser too.
        sounds: what is heard beside it, by the name of its stream.

    Raises:
        DemoError: a program ended early, or there is no result.
    """
    folder.mkdir(parents=True, exist_ok=True)
    isolate_domain()
    streams = {node.node: [name for name, source in sources.items() if node in source.nodes] for node in BODIES + FACES}
    names = [node for node, served in streams.items() if served]
    run = ["opendr_perception.cli", "run"]
    perception = [*run, *names, "--ros-args"]
    for node in names:
        perception += ["-p", f"{node}:streams:=[{','.join(streams[node])}]"]
    if streams["pose_estimation"] and set(streams["pose_estimation"]) <= set(streams["person_detection"]):
        perception += ["-p", "people:=topic"]  # everybody is looked for once, and has one id
        perception += [word for name, value in carried().items() for word in ("-p", f"{name}:={value}")]
    if gallery is not None:
        perception += ["-p", f"gallery:={gallery.resolve()}"]
    cameras = [
        [*run, "video_source", "--ros-args", "-r", f"__ns:=/{name}", *source.options(), "-p", "loop:=true"]
        for name, source in sources.items()
    ]
    viewers = [["opendr_perception.cli", "view", "--port", VIEW_URL.rpartition(":")[2].strip("/")]] if view else []
    log, heard = folder / "nodes.log", sounds or {}
    hearing = {name: sound.node for name, sound in heard.items()}
    with (
        open(log, "w", encoding="utf-8") as output,
        listening(
            lambda: ResultRecorder(folder, {name: source.nodes for name, source in sources.items()}, hearing)
        ) as recorder,
        running([perception, *cameras, *viewers, *_hearing_programs(heard)], output.fileno()) as programs,
    ):
        try:
            _wait(seconds=START_TIMEOUT, until=recorder.started, recorder=recorder, programs=programs, log=log)
            if not recorder.started.is_set():
                raise DemoError(f"there was no result within {START_TIMEOUT:.0f} s; see {log}")
            _wait(seconds=seconds, until=threading.Event(), recorder=recorder, programs=programs, log=log)
        except KeyboardInterrupt:
            if not recorder.started.is_set():
                raise
        played = {name: source.name for name, source in sources.items()}
        played |= {name: sound.path.name for name, sound in heard.items()}
        report = report_of(recorder, played, [*names, *(node.node for node in hearing.values())])
    write_text(folder / "summary.json", json.dumps(report, indent=2) + "\n")
    return report


def _hearing_programs(sounds: Mapping[str, DemoSound]) -> list[list[str]]:
    """The command lines of what plays and hears sounds: all that hears in one process."""
    if not sounds:
        return []
    run = ["opendr_perception.cli", "run"]
    listeners = [*run, *(sound.node.node for sound in sounds.values()), "--ros-args"]
    for name, sound in sounds.items():
        for option in (f"streams:=[{name}]", *sound.parameters):
            listeners += ["-p", f"{sound.node.node}:{option}"]
    play = [*run, "audio_source", "--ros-args", "-p", "loop:=true", "-p", "chunk:=0.05"]
    players = [
        [*play, "-r", f"__ns:=/{name}", "-p", f"path:={json.dumps(str(sound.path))}"] for name, sound in sounds.items()
    ]
    return [listeners, *players]


class FailingNode(Protocol):
    """A node that listens."""

    failure: str
    """Reason why it cannot go on, in words; '' for nothing."""

    def close(self) -> None:
        """Finish what it writes, and destroy it."""
        ...


L = TypeVar("L", bound=FailingNode)


@contextmanager
def listening(make: Callable[[], L]) -> Iterator[L]:
    """A node that listens in a thread of its own; it is made when ROS is there."""
    # No handlers of rclpy: what is published until everything is closed is written down.
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    listener = make()
    executor = SingleThreadedExecutor()
    executor.add_node(listener)  # type: ignore[arg-type]  # a protocol cannot ask for a base class

    def ended(error: Exception | None) -> None:
        if error and not isinstance(error, ExternalShutdownException):  # a full disk, say: `check` tells it
            listener.failure = f"cannot record: {error}"

    thread = ExecutorThread(executor, ended)
    try:
        yield listener
    finally:
        thread.close()
        listener.close()
        rclpy.try_shutdown()


def check(listener: FailingNode, programs: Sequence[subprocess.Popen[bytes]], log: Path) -> None:
    """Make sure that the listener and all programs work, and that no node says that it does not.

    Raises:
        DemoError: one does not.
    """
    if listener.failure:
        raise DemoError(listener.failure)
    for program in programs:
        if program.poll() is not None:
            lines = log.read_text(encoding="utf-8").strip().splitlines() or ["it said nothing"]
            raise DemoError(f"a program ended with status {program.returncode}: {lines[-1]}")
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if "cannot configure: " in line:  # the node waits for somebody to try again, which nobody does here
            raise DemoError(line)


def _wait(
    seconds: float,
    until: threading.Event,
    recorder: ResultRecorder,
    programs: Sequence[subprocess.Popen[bytes]],
    log: Path,
) -> None:
    """Wait for the event, or so many seconds, as long as the recorder and all programs work."""
    deadline = time.monotonic() + seconds
    while not until.wait(0.2) and time.monotonic() < deadline:
        check(recorder, programs, log)
