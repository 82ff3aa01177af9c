"""Sound of recordings: the topics of bags, and the first track of films and sound files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from opendr_perception.tasks.signals import Chunk
from opendr_perception.tasks.sound import (
    BAGS,
    SampleSettings,
    SoundChunk,
    SoundError,
    SoundFile,
    open_source,
    sound_topics,
)

SECONDS = 0.1
"""Of a chunk of a file; what comes out does not depend on it."""


def tracks(path: Path) -> list[str]:
    """The topics of sound of a bag, or [''] for a file with sound; nothing where there is none."""
    if path.is_dir() or path.suffix in BAGS:
        try:
            return sound_topics(path)
        except SoundError:
            return []
    try:
        SoundFile(path).close()
    except SoundError:
        return []
    return [""]


class Chunks:
    """The sound of a recording in its order, and what could not be read of it.

    Args:
        path: of the recording.
        topic: of a bag; '' for files.
        settings: how messages are read that do not tell it.
        begin: stamp of the first sample of a file, ns.

    Attributes:
        taken: chunks that were given.
        length: that there are; 0: not known.
        problems: what could not be read, in words.

    Raises:
        SoundError: there is none.
    """

    def __init__(self, path: Path, topic: str, settings: SampleSettings, begin: int) -> None:
        self._source = open_source(str(path), SECONDS, loop=False, topic=topic, known=settings.format())
        self._begin = begin
        self.taken = self.length = 0
        self.problems: list[str] = []

    def __enter__(self) -> Chunks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._source.close()

    def __iter__(self) -> Iterator[tuple[Chunk, str]]:
        """Chunks, and the frames of their microphones."""
        heard = 0
        try:
            for each in self._source:
                self.taken += 1
                yield Chunk(each.samples, each.rate, self._stamp(each, heard)), each.frame_id or "microphone"
                heard += len(each.samples)
        except SoundError as error:
            self.problems.append(f"it ends at chunk {self.taken}: {error}")
        if self._source.skipped:
            self.problems.append(f"{self._source.skipped} messages could not be read: {self._source.problem}")

    def _stamp(self, chunk: SoundChunk, heard: int) -> int:
        return self._begin + round(heard / chunk.rate * 1e9) if chunk.stamp is None else chunk.stamp
