"""One node that hears, of one stream, without a node: in the order of the samples, as the node of its name does it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from opendr_perception.process.pipeline import Answered, Rejected
from opendr_perception.process.stage import Occasion, received
from opendr_perception.ros.signals import HEARING, Message
from opendr_perception.tasks.perceiver import Warn
from opendr_perception.tasks.signals import Chunk, SampleLine, Stretch
from opendr_perception.tasks.sound import SampleSettings
from opendr_perception.zoo import Sessions


class Listening:
    """A hearer, the memory of its stream, and the line of its samples.

    Args:
        name: of the node.
        settings: of HEARING[name].
        sessions: open models.

    Attributes:
        restarts: why the stream restarted, each time.
    """

    def __init__(self, name: str, settings: SampleSettings, sessions: Sessions) -> None:
        self.name, self.topic = name, HEARING[name].result[1]
        self._hearer = HEARING[name].build(settings, sessions)
        self._channel = settings.channel
        self._line = SampleLine(self._hearer.rate, settings.max_gap)
        self._memory = self._hearer.new_memory()
        self.restarts: list[str] = []

    def hear(self, chunk: Chunk) -> Iterator[tuple[int, Message]]:
        """Take a chunk; give messages without a header, and the ends of the sound that each is about, ns.

        Raises:
            ValueError: the chunk cannot be used.
        """
        yield from self._follow(self._line.add(chunk, self._channel))

    def end(self) -> Iterator[tuple[int, Message]]:
        """Give what is left at the end of the recording."""
        yield from self._follow(self._line.flush(self._channel))

    def _follow(self, stretches: Iterator[Stretch]) -> Iterator[tuple[int, Message]]:
        for stretch in stretches:
            if stretch.restart:
                self.restarts.append(stretch.restart)
                self._memory = self._hearer.new_memory()
            if len(stretch.samples):
                yield from self._hearer.hear(self._memory, stretch.samples, stretch.stamp)


def heard(chunks: Iterable[tuple[Chunk, str]], nodes: Sequence[Listening], warn: Warn) -> Iterator[Answered]:
    """Take the sound of a recording, in order, through all nodes.

    Args:
        chunks: and the coordinate frames of their microphones.
        nodes: each hears all of it.
        warn: is told where a stream restarted.
    """
    number, frame_id = 0, ""
    for chunk, frame_id in chunks:
        for node in nodes:
            try:
                for end, message in node.hear(chunk):
                    yield _answered(number, end, frame_id, node, message)
                    number += 1
            except ValueError as error:
                yield Answered(number, Occasion(chunk.stamp, frame_id), {}, [Rejected(number, node.name, str(error))])
    for node in nodes:
        for end, message in node.end():
            yield _answered(number, end, frame_id, node, message)
            number += 1
        for restart in node.restarts:
            warn(f"{node.name} began anew: {restart}")


def _answered(number: int, end: int, frame_id: str, node: Listening, message: Message) -> Answered:
    occasion = Occasion(end, frame_id)
    message.header = occasion.header()
    return Answered(number, occasion, {node.topic: received(message)}, [])
