"""A rosbag2 with the messages of the nodes: it plays beside the recording, and opens in Foxglove."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from rclpy.serialization import serialize_message
from rosbags.interfaces import Connection
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from opendr_perception.process.pipeline import Answered
from opendr_perception.process.request import RESULTS
from opendr_perception.process.sinks.annotations import DEFINITIONS, IMAGE_ANNOTATIONS, annotate
from opendr_perception.process.sinks.base import ResultSource
from opendr_perception.ros.node import share_directory
from opendr_perception.ros.perception.capability import CAPABILITIES

PACKAGE = "opendr_perception"


class BagSink:
    """Writes MCAP with embedded definitions; times are the stamps of the frames.

    Args:
        folder: of the bag, which is made.
        source: what the results are of.
        nodes: whose results come.
    """

    def __init__(self, folder: Path, source: ResultSource, nodes: Sequence[str]) -> None:
        self._types = types()
        self._writer = Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP)
        self._writer.set_custom_data("provenance", json.dumps(source.provenance, sort_keys=True))
        self._writer.open()
        self._connections: dict[str, Connection] = {}
        for node in nodes:
            kind, topic = RESULTS[node]
            self._add(topic, f"{source.namespace}/{topic}", name_of(kind))
            if node in CAPABILITIES and node != "human_presence":
                self._add(f"{topic}/annotations", f"{source.namespace}/{topic}/annotations", IMAGE_ANNOTATIONS)

    def _add(self, topic: str, full: str, kind: str) -> None:
        self._connections[topic] = self._writer.add_connection(full, kind, typestore=self._types)

    def write(self, answered: Answered) -> None:
        stamp = answered.view.stamp
        for topic, message in answered.results.items():
            self._writer.write(self._connections[topic], stamp, serialize(message, self._types))
            if f"{topic}/annotations" in self._connections:
                drawn = annotate(message, answered.results, self._types)
                data = bytes(self._types.serialize_cdr(drawn, IMAGE_ANNOTATIONS))
                self._writer.write(self._connections[f"{topic}/annotations"], stamp, data)

    def close(self) -> None:
        self._writer.close()

    def abort(self) -> None:
        self._writer.abort()


def name_of(kind: type) -> str:
    """The name of a message type in ROS."""
    return f"{kind.__module__.split('.')[0]}/msg/{kind.__name__}"


def serialize(message: Any, store: Any) -> bytes:
    """The bytes of a message, the same for the same message: ROS leaves what lies between fields as it finds it."""
    kind = name_of(type(message))
    return bytes(store.serialize_cdr(store.deserialize_cdr(serialize_message(message), kind), kind))


@cache
def types() -> Any:
    """ROS's types, those of this package and Foxglove's annotations, for rosbags.

    The definitions of this package's messages are installed beside it.
    """
    store = get_typestore(Stores.ROS2_JAZZY)
    found: dict[str, Any] = {}
    for file in sorted((Path(share_directory()) / "msg").glob("*.msg")):
        found.update(get_types_from_msg(file.read_text(encoding="utf-8"), f"{PACKAGE}/msg/{file.stem}"))
    for name, definition in DEFINITIONS.items():
        found.update(get_types_from_msg(definition, name))
    store.register({name: fields for name, fields in found.items() if name not in store.fielddefs})
    return store
