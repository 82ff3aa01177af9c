"""Writes down what perception nodes publish: every result as a line, the annotated images as a film."""

from __future__ import annotations

import json
import math
import threading
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.time import Time
from sensor_msgs.msg import Image

from opendr_perception.demo.film import Film
from opendr_perception.msg import NodeStatistics
from opendr_perception.ros import images
from opendr_perception.ros.drawing import write_actions


@dataclass(frozen=True)
class Recorded:
    """What to write down of a node: type and topic of its results, and the field that lists the people."""

    node: str
    type: type
    topic: str
    people: str


class Recorder(Node):
    """Subscribes results, statistics and annotated images, and writes them as they come.

    Args:
        folder: where to write `results.jsonl` and `annotated.mp4`.
        streams: that the nodes serve.
        nodes: what to write down.
        filmed: the node whose annotated images make the film, with what people are doing written below them.
    """

    def __init__(self, folder: Path, streams: Sequence[str], nodes: Sequence[Recorded], filmed: str) -> None:
        super().__init__("demo_recorder")
        self._lines = open(folder / "results.jsonl", "w", encoding="utf-8")  # noqa: SIM115 - open as long as the node
        self._film = Film(folder / "annotated.mp4", streams)
        self.started = threading.Event()
        self.failure = ""
        self.statistics: dict[tuple[str, str], NodeStatistics] = {}
        self.people: Counter[tuple[str, str]] = Counter()
        self.tracks: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._newest: dict[str, Any] = {}
        for node in nodes:
            self.create_subscription(NodeStatistics, f"/{node.node}/statistics", self._on_statistics, 10)
            for stream in streams:
                self._write_down(node, stream)
        for stream in streams:
            self._watch(filmed, stream)

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
            self._newest[topic] = message
            people = fields[node.people]
            self.people[node.node, stream] += len(people)
            self.tracks[node.node, stream].update(person["track_id"] for person in people if person["track_id"])
            self.started.set()

        self.create_subscription(node.type, topic, write, 10)

    def _watch(self, node: str, stream: str) -> None:
        def show(data: bytes) -> None:
            picture = images.decode(data, "raw")[1].pixels.copy()
            poses, actions = (self._newest.get(f"/{stream}/{topic}") for topic in ("poses", "actions"))
            if poses is not None and actions is not None:
                write_actions(picture, poses, actions)
            self._film.show(stream, picture)

        self.create_subscription(Image, f"/{node}/{stream}/image", show, QoSProfile(depth=1), raw=True)

    def _on_statistics(self, message: NodeStatistics) -> None:
        self.statistics[message.node.lstrip("/"), message.stream] = message


def to_dict(message: Any) -> Any:
    """A message as JSON can hold it: nested dictionaries and lists; NaN becomes None, numbers keep 6 digits."""
    if hasattr(message, "get_fields_and_field_types"):
        return {name: to_dict(getattr(message, name)) for name in message.get_fields_and_field_types()}
    if isinstance(message, float):
        return float(f"{message:.6g}") if math.isfinite(message) else None
    if isinstance(message, str | int):
        return message
    return [to_dict(item) for item in message]
