"""Cost of emotion recognition, and gain of smoothing over time.

The cost is measured over real topics, in one process: from publishing an image and its face to the emotion. How much
answers move is measured on a film of a man who talks; which expressions he shows, nobody knows. How late a change is
seen is measured on still faces: two that show different expressions follow each other, and both tremble as a detector's
boxes do.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import permutations

import cv2
import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception import zoo
from opendr_perception.bench.emotion.esr import esr_figures
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, smaller_is_better
from opendr_perception.msg import Box, EmotionArray, Face, FaceArray
from opendr_perception.nodes.emotion_recognition import EmotionRecognition
from opendr_perception.ros.convert import images
from opendr_perception.ros.node import qos, spinning
from opendr_perception.tasks.emotion import (
    Exponential,
    ExpressionNet,
    Expressions,
    FaceView,
    Settings,
    Smoothing,
    Temporal,
    Unsmoothed,
)
from opendr_perception.tasks.face import FaceDetector
from opendr_perception.tasks.imaging import Image

CASE = "emotion"
FILM = "carphone_pristine.mp4"
STILLS = tuple(f"group-{number}.jpg" for number in range(1, 7))
RATE = 30.0

ALLOWED = 8.0
"""Milliseconds that a face may cost."""
CALMER = 3.0
"""Target of the reduction of jitter against single frames."""
LATER = 3.0
"""Frames that a change may be seen later."""

TREMBLE = 0.012
"""Standard deviation with which a detector's box moves and grows on the film, as a share of its side."""
BEFORE, AFTER = 60, 30
"""Frames of the still faces before and after the change."""
SMOOTHINGS: Mapping[str, Callable[[], Smoothing]] = {
    "single frames": Unsmoothed,
    "average": Exponential,
    "NAC-TCN": lambda: Temporal(zoo.session("emotion-nactcn", threads=1)),
}


def emotion(extent: Extent) -> list[Figure]:
    """The case `emotion`."""
    zoo.fetch([FILM, *STILLS])
    detector = FaceDetector(zoo.session("blazeface"), tile_size=0)
    net = ExpressionNet(zoo.session(Settings().model))
    return [
        *_cost(extent.pick(300, 50, 3)),
        *_calm(detector, net),
        *_late(detector, net, views=extent.pick(30, 8, 1), changes=extent.pick(None, None, 4)),
        *esr_figures(extent),
    ]


# --- what a face costs ------------------------------------------------------------------------------------------------


class _Asker(Node):
    """Publishes an image with one face, and waits for the emotion."""

    def __init__(self) -> None:
        super().__init__("asker")
        pixels = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
        self._image = images.to_message(pixels, Header())
        self._faces = FaceArray(width=640, height=480, faces=[_face("1", np.array([270.0, 180.0, 370.0, 280.0]))])
        self._cameras = self.create_publisher(ImageMessage, "image_raw", qos.newest("best_effort"))
        self._finder = self.create_publisher(FaceArray, "faces", qos.result())
        self._answered = threading.Event()
        self.create_subscription(EmotionArray, "emotions", lambda _: self._answered.set(), 10)

    def ask(self, patience: float) -> float | None:
        """Seconds from before publishing to the answer; None when none came."""
        self._answered.clear()
        self._image.header.stamp = self._faces.header.stamp = self.get_clock().now().to_msg()
        begun = time.perf_counter()
        self._cameras.publish(self._image)
        self._finder.publish(self._faces)
        return time.perf_counter() - begun if self._answered.wait(patience) else None


def _cost(rounds: int) -> list[Figure]:
    rclpy.init()
    asker, node = _Asker(), EmotionRecognition(parameter_overrides=[Parameter("threads", value=1)])
    with spinning([asker, node]):
        node.start()
        deadline = time.monotonic() + 60
        while asker.ask(0.3) is None:
            if time.monotonic() > deadline:
                raise TimeoutError("the node emotion_recognition does not answer")
        times = [taken for _ in range(rounds) if (taken := asker.ask(1.0)) is not None]
    node.close()
    rclpy.shutdown()
    name = "image and face to emotion, 640x480, 1 face, real topics, one process, one thread"
    return [smaller_is_better(CASE, name, "ms", statistics.median(times) * 1e3, ALLOWED)]


def _face(track: str, box: np.ndarray) -> Face:
    x_min, y_min, x_max, y_max = map(float, box)
    return Face(track_id=track, box=Box(x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max))


# --- how much answers move, and how late they are ---------------------------------------------------------------------


@dataclass(frozen=True)
class _Answers:
    """Answers to a sequence of frames: (T, labels), and (T, 2) valence and arousal."""

    probabilities: np.ndarray
    affect: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        found: np.ndarray = self.probabilities.argmax(1)
        return found


def follow(smoothing: Smoothing, seen: Expressions) -> _Answers:
    """Show a face frame by frame."""
    steps = [
        smoothing.step(["face"], Expressions(probabilities[None], affect[None]), np.array([1 / RATE]))
        for probabilities, affect in zip(seen.probabilities, seen.affect, strict=True)
    ]
    return _Answers(*(np.concatenate(rows) for rows in zip(*((s.probabilities, s.affect) for s in steps), strict=True)))


def _calm(detector: FaceDetector, net: ExpressionNet) -> list[Figure]:
    seen = watch_film(detector, net)
    minutes = len(seen.probabilities) / RATE / 60
    answers = {name: follow(new(), seen) for name, new in SMOOTHINGS.items()}
    changes = {name: (np.diff(found.labels) != 0).sum() / minutes for name, found in answers.items()}
    motion = {name: np.abs(np.diff(found.affect, axis=0)).sum() / minutes / 60 for name, found in answers.items()}
    figures = []
    for name in list(SMOOTHINGS)[1:]:
        for metric, unit, values in (
            ("label changes on a man who talks", "1/min", changes),
            ("motion of valence and arousal on a man who talks", "1/s", motion),
        ):
            alone = float(values["single frames"])
            figures.append(
                smaller_is_better(
                    CASE, f"{metric}, {name}", unit, float(values[name]), alone / CALMER, alone, "single frames"
                )
            )
        shift = lag(answers["single frames"].affect, answers[name].affect)
        figures.append(smaller_is_better(CASE, f"shift on a man who talks, {name}", "frames", shift, LATER))
    return figures


def watch_film(detector: FaceDetector, net: ExpressionNet) -> Expressions:
    """Answers of single frames of the film to the man's face."""
    capture = cv2.VideoCapture(str(zoo.sample(FILM)))
    faces = []
    while capture.grab():
        image = Image(np.asarray(capture.retrieve()[1], np.uint8), "bgr8")
        found = detector([image])[0]
        faces.append((image, FaceView(found.detections.boxes[0], found.landmarks[0])))
    capture.release()
    return net(faces)


def lag(reference: np.ndarray, late: np.ndarray, most: int = 15) -> int:
    """Frames by which one sequence (T, c) must be moved ahead to resemble the other most."""
    length = len(reference) - most
    errors = [np.square(late[k : k + length] - reference[:length]).sum() for k in range(most)]
    return int(np.argmin(errors))


def _late(detector: FaceDetector, net: ExpressionNet, views: int, changes: int | None) -> list[Figure]:
    faces = [found for found in _stills(detector, net, views) if len(set(found.probabilities.argmax(1))) == 1]
    pairs = [
        (before, after)
        for before, after in permutations(faces, 2)
        if before.probabilities[0].argmax() != after.probabilities[0].argmax()
    ]
    figures = []
    for name, new in list(SMOOTHINGS.items())[1:]:
        frames = [seen_after(new(), before, after) for before, after in pairs[:changes]]
        figures += [
            smaller_is_better(CASE, f"change seen later, {share} of {len(frames)}, {name}", "frames", late, LATER)
            for share, late in (
                ("mean", float(np.mean(frames))),
                ("median", float(np.median(frames))),
                ("9 of 10", float(np.quantile(frames, 0.9, method="lower"))),
            )
        ]
    return figures


def seen_after(smoothing: Smoothing, before: Expressions, after: Expressions) -> int:
    """Frames after which the label is that of the second face."""
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, len(found.affect), count) for found, count in ((before, BEFORE), (after, AFTER))]
    seen = Expressions(
        np.concatenate([before.probabilities[rows[0]], after.probabilities[rows[1]]]),
        np.concatenate([before.affect[rows[0]], after.affect[rows[1]]]),
    )
    changed = follow(smoothing, seen).labels[BEFORE:] == after.probabilities[0].argmax()
    return int(np.argmax(changed)) if changed.any() else AFTER


def _stills(detector: FaceDetector, net: ExpressionNet, views: int) -> list[Expressions]:
    """Trembling views of each face."""
    rng, found = np.random.default_rng(1), []
    for name in STILLS:
        image = Image(np.asarray(cv2.imread(str(zoo.sample(name))), np.uint8), "bgr8")
        for box in detector([image])[0].detections.boxes:
            side = float((box[2:] - box[:2]).max())
            shifts = np.tile(rng.normal(0, TREMBLE, (views, 2)), 2)
            growth = rng.normal(0, TREMBLE / 2, (views, 1)) * np.array([-1.0, -1.0, 1.0, 1.0])
            found.append(net([(image, FaceView(box + side * change)) for change in shifts + growth]))
    return found
