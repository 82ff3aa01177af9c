"""Cost of one camera that all nodes for people process: everybody detected once, or by each node."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Mapping

import cv2
import numpy as np
import rclpy

from opendr_perception import zoo
from opendr_perception.bench.harness.camera import ImageSender
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, larger_is_better
from opendr_perception.msg import ActionArray, BodyPoseArray, DetectionArray, EmotionArray, FaceArray
from opendr_perception.ros.node import CARRIED, running, spinning

NODES = ("person_detection", "pose_estimation", "action_recognition", "face_recognition", "emotion_recognition")
RESULTS = {
    "persons": DetectionArray,
    "poses": BodyPoseArray,
    "actions": ActionArray,
    "faces": FaceArray,
    "emotions": EmotionArray,
}
HEIGHT, WIDTH, CAMERA_RATE = 480, 640, 30.0
BUSY = 100
"""Frame of the film in which six people are found."""
FACE = 150
"""Pixels of the portrait that is put into the street."""
TARGET, GAIN = 12.0, 1.6
WAYS: Mapping[str, Mapping[str, str]] = {
    "own": {},
    "topic": {"people": "topic"},
    "turns": {"people": "topic", **{name: str(value) for name, value in CARRIED.items()}},
}


def once(extent: Extent) -> list[Figure]:
    """The case `once`."""
    seconds, rounds = extent.pick((20.0, 3), (8.0, 1), (0.3, 1))
    rates: dict[str, list[Counter[str]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, parameters in WAYS.items():
            rates[way].append(_rates(parameters, seconds))

    def rate(way: str, *topics: str) -> float:
        return float(np.median([min(each[topic] for topic in topics) / seconds for each in rates[way]]))

    slowest = {way: rate(way, *RESULTS) for way in WAYS}
    poses = {way: rate(way, "poses") for way in WAYS}
    all_five, turns = "slowest of persons, poses, actions, faces, emotions", "detect_every 2, max_fresh 3"
    wanted, peer = GAIN * poses["own"], "each with its own detector"
    return [
        larger_is_better("once", all_five, "Hz", slowest["topic"], TARGET, slowest["own"], peer),
        larger_is_better("once", f"{all_five}; {turns}", "Hz", slowest["turns"], TARGET, slowest["own"], peer),
        larger_is_better("once", "poses beside them", "Hz", poses["topic"], wanted, poses["own"], peer),
        larger_is_better("once", f"poses beside them; {turns}", "Hz", poses["turns"], wanted, poses["own"], peer),
    ]


def _rates(parameters: Mapping[str, str], seconds: float) -> Counter[str]:
    """Count the results on each topic in so many seconds, all nodes in one process."""
    command = ["opendr_perception.cli", "run", *NODES, "--ros-args", "-r", "__ns:=/whole"]
    for name, value in parameters.items():
        command += ["-p", f"{name}:={value}"]
    counts: Counter[str] = Counter()
    rclpy.init()
    camera = ImageSender("whole", HEIGHT, WIDTH, (EmotionArray, "emotions"))
    for topic, kind in RESULTS.items():
        camera.create_subscription(kind, topic, lambda _, topic=topic: counts.update([topic]), 10)
    camera.show(_street())
    with running([command], subprocess.DEVNULL), spinning([camera]):
        camera.wait_for_answers()
        _film(camera, min(1.0, seconds))
        before = Counter(counts)
        _film(camera, seconds)
        counted = Counter(counts)
    rclpy.shutdown()
    counted.subtract(before)
    return counted


def _film(camera: ImageSender, seconds: float) -> None:
    start = time.monotonic()
    for index in range(round(seconds * CAMERA_RATE)):
        time.sleep(max(0.0, start + index / CAMERA_RATE - time.monotonic()))
        camera.send()


def _street() -> np.ndarray:
    """Six pedestrians, and a portrait in a corner, (480, 640, 3) BGR."""
    zoo.fetch(["vtest.avi", "astronaut.png"])
    film = cv2.VideoCapture(str(zoo.sample("vtest.avi")))
    film.set(cv2.CAP_PROP_POS_FRAMES, BUSY)
    pixels = np.asarray(cv2.resize(film.read()[1], (WIDTH, HEIGHT)))
    film.release()
    portrait = cv2.imread(str(zoo.sample("astronaut.png")))
    pixels[-FACE:, -FACE:] = cv2.resize(portrait[:350, 50:400], (FACE, FACE))  # type: ignore[index]
    return pixels
