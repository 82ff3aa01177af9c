"""Sound of rosbag2 recordings, in messages of any of the known types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rosbags.interfaces import MessageDefinitionFormat
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from opendr_perception.tasks.imaging import printable
from opendr_perception.tasks.sound.messages import TYPES, Arrived, Format, read
from opendr_perception.tasks.sound.recording import SoundError


class BagSound:
    """A topic of sound of a recording.

    Args:
        path: directory of the recording, or its .db3 or .mcap file.
        topic: which one, with or without the first slash; '' for the first one with sound.

    Raises:
        SoundError: it is no bag, or has no sound, or does not say what its messages are.
    """

    def __init__(self, path: Path, topic: str) -> None:
        self._path = printable(path)
        try:
            self._reader = Reader(path)
            self._reader.open()
        except Exception as error:  # a damaged bag makes its parsers fail in many ways
            raise SoundError(f"{self._path}: cannot open this bag: {error}") from error
        try:
            self._choose(topic.strip("/"))
        except SoundError:
            self._reader.close()
            raise

    def _choose(self, wanted: str) -> None:
        found = [
            c for c in self._reader.connections if c.msgtype in TYPES.values() and wanted in ("", c.topic.strip("/"))
        ]
        if not found:
            present = ", ".join(f"{c.topic} ({c.msgtype})" for c in self._reader.connections) or "nothing"
            raise SoundError(f"{self._path}: no topic of sound {wanted}".rstrip() + f"; it has {present}")
        self.topic = found[0].topic
        self._connections = [c for c in found if c.topic == self.topic]
        self._types = get_typestore(Stores.ROS2_JAZZY)
        definition = found[0].msgdef
        if definition.format is not MessageDefinitionFormat.MSG:
            raise SoundError(f"{self._path}: it does not say what {found[0].msgtype} is: record it with Iron or later")
        new = get_types_from_msg(definition.data, found[0].msgtype)
        self._types.register({name: fields for name, fields in new.items() if name not in self._types.types})

    def messages(self, known: Format) -> Iterator[Arrived | str]:
        """The sound of each message in the order of recording; why it cannot be read in the place of one that cannot.

        Raises:
            SoundError: the bag is damaged.
        """
        try:
            for connection, recorded, data in self._reader.messages(self._connections):
                try:
                    yield read(self._types.deserialize_cdr(data, connection.msgtype), recorded, known)
                except (ValueError, AssertionError) as error:
                    yield f"{self.topic}: {error}"
        except Exception as error:  # as above
            raise SoundError(f"{self._path}: this bag is damaged: {error}") from error

    def close(self) -> None:
        if self._reader.is_open:
            self._reader.close()


def sound_topics(path: Path) -> list[str]:
    """The topics of a recording that have sound, of any known type.

    Raises:
        SoundError: it is no bag.
    """
    try:
        with Reader(path) as reader:
            return list(dict.fromkeys(c.topic for c in reader.connections if c.msgtype in TYPES.values()))
    except Exception as error:  # as above
        raise SoundError(f"{printable(path)}: cannot open this bag: {error}") from error
