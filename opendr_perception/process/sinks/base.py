"""Interface of all files of results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from opendr_perception.process.pipeline import Answered


@dataclass(frozen=True)
class ResultSource:
    """Stream that results are of.

    Args:
        name: of the stream, unique in an output.
        recording: the file's or folder's name.
        namespace: put before all topics: '' or such as '/front'.
        provenance: what they were made from and by, for each file.
    """

    name: str
    recording: str
    namespace: str
    provenance: Mapping[str, object]


class Sink(Protocol):
    """A file of results that is being written."""

    def write(self, answered: Answered) -> None:
        """Take the results of the next frame."""

    def close(self) -> None:
        """Finish the file; it is whole then."""

    def abort(self) -> None:
        """Let go of the file as it is."""
