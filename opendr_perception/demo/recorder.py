"""Writes down what perception nodes publish: every result as a line, the annotated images as a film."""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.time import Time
from sensor_msgs.msg import Image

from opendr_perception.demo.film import FilmWriter
from opendr_perception.demo.sound import SoundStrip
from opendr_perception.msg import Audio, NodeStatistics
from opendr_perception.ros.convert import images
from opendr_perception.ros.convert.messages import face_views
from opendr_perception.ros.convert.plain import to_dict
from opendr_perception.ros.convert.readers import read_actions, read_emotions, read_faces, read_poses
from opendr_perception.ros.node import qos
from opendr_perception.tasks.drawing import draw_faces, write_actions, write_emotions
from opendr_perception.tasks.sound import decode


@dataclass(frozen=True)
class Recorded:
    """Results of a node to record: type and topic of its results, and the field that lists the people; '' for none."""

    node: str
    type: type
    topic: str
    people: str


class ResultRecorder(Node):
    """Subscribes results, statistics and annotated images, and writes them as they come.

    Args:
        folder: where to write `results.jsonl` and `annotated.mp4`.
        streams: the nodes that serve each stream. The annotated images of the first one make its film, with what the
            others say drawn over them.
        sounds: the node that hears each stream of sound. They make the strip below the film.
    """

    def __init__(
        self,
        folder: Path,
        streams: Mapping[str, Sequence[Recorded]],
        sounds: Mapping[str, Recorded] | None = None,
    ) -> None:
        super().__init__("demo_recorder")
        self._lines = open(folder / "results.jsonl", "w", encoding="utf-8")  # noqa: SIM115 - open as long as the node
        self._strip = SoundStrip(list(sounds or {}))
        self._film = FilmWriter(folder / "annotated.mp4", list(streams), self._strip.draw if sounds else None)
        self.started = threading.Event()
        self.failure = ""
        self.statistics: dict[tuple[str, str], NodeStatistics] = {}
        self.people: Counter[tuple[str, str]] = Counter()
        self.tracks: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._newest: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        for name in {node.node for nodes in (*streams.values(), [*(sounds or {}).values()]) for node in nodes}:
            self.create_subscription(NodeStatistics, f"/{name}/statistics", self._on_statistics, 10)
        for stream, nodes in streams.items():
            for node in nodes:
                self._write_down(node, stream)
            self._watch(nodes[0].node, stream)
        for stream, node in (sounds or {}).items():
            self._write_down(node, stream)
            self._listen(stream)

    def close(self) -> None:
        """Finish the files and destroy the node."""
        self.destroy_node()
        self._lines.close()
        self._film.close()

    def _write_down(self, node: Recorded, stream: str) -> None:
        topic = f"/{stream}/{node.topic}"

        def write(message: Any) -> None:
            fields = to_dict(message)
            header = fields.pop("header")
            stamp = Time.from_msg(message.header.stamp).nanoseconds * 1e-9
            line = {"topic": topic, "stamp": stamp, "frame_id": header["frame_id"], **fields}
            self._lines.write(json.dumps(line, allow_nan=False) + "\n")
            self._lines.flush()  # what is written survives a crash
            self._newest[stream][node.topic] = message
            if not node.people:
                self._strip.say(stream, message)
                return
            people = fields[node.people]
            self.people[node.node, stream] += len(people)
            self.tracks[node.node, stream].update(person["track_id"] for person in people if person["track_id"])
            self.started.set()

        self.create_subscription(node.type, topic, write, 10)

    def _watch(self, node: str, stream: str) -> None:
        def show(data: bytes) -> None:
            image = images.decode(data, "raw")[1].pixels.copy()
            annotate(image, self._newest[stream])
            self._film.show(stream, image)

        self.create_subscription(Image, f"/{node}/{stream}/image", show, QoSProfile(depth=1), raw=True)

    def _listen(self, stream: str) -> None:
        def hear(message: Audio) -> None:
            samples = decode(bytes(message.data), message.encoding, message.channels)
            self._strip.hear(stream, samples, message.sample_rate)

        self.create_subscription(Audio, f"/{stream}/audio", hear, qos.newest("reliable", 100))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        """End it when nothing can come: a source has failed, or another node could not start."""
        for status in message.status:
            if status.level == DiagnosticStatus.ERROR and (not self.started.is_set() or "_source" in status.name):
                self.failure = f"{status.name.lstrip('/')}: {status.message}"

    def _on_statistics(self, message: NodeStatistics) -> None:
        self.statistics[message.node.lstrip("/"), message.stream] = message


def annotate(image: np.ndarray, newest: Mapping[str, Any]) -> None:
    """Draw what nodes have said last, by topic, into a (H, W, 3) uint8 BGR image with its poses, else its faces."""
    if {"poses", "actions"} <= newest.keys():
        write_actions(image, read_poses(newest["poses"]), read_actions(newest["actions"]))
    if {"poses", "faces"} <= newest.keys():
        draw_faces(image, read_faces(newest["faces"]))
    if {"faces", "emotions"} <= newest.keys():
        write_emotions(image, face_views(newest["faces"]), read_emotions(newest["emotions"]))
