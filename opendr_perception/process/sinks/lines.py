"""One line of JSON for each message, after a line that says where they come from."""

from __future__ import annotations

import json
from pathlib import Path

from opendr_perception.process.pipeline import Answered
from opendr_perception.process.sinks.base import ResultSource
from opendr_perception.ros.convert.plain import to_dict


class LinesSink:
    """Writes `{"frame": 12, "topic": "/poses", "stamp": 2200000000, ...}` with the fields of the message.

    Args:
        path: of the file.
        source: what the results are of.
    """

    def __init__(self, path: Path, source: ResultSource) -> None:
        self._file = open(path, "w", encoding="utf-8", newline="\n")  # noqa: SIM115 - open as long as this
        self._namespace = source.namespace
        self._put({"provenance": source.provenance})

    def write(self, answered: Answered) -> None:
        for topic, message in answered.results.items():
            fields = to_dict(message)
            fields.pop("header")
            self._put(
                {
                    "frame": answered.frame,
                    "topic": f"{self._namespace}/{topic}",
                    "stamp": answered.view.stamp,
                    "frame_id": answered.view.frame_id,
                    **fields,
                }
            )

    def close(self) -> None:
        self._file.close()

    def abort(self) -> None:
        self._file.close()

    def _put(self, line: object) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False, allow_nan=False, sort_keys=False) + "\n")
