"""A table of Parquet: one row for each person, face, voice or sound that a node finds. See docs/process.md."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from opendr_perception.process.pipeline import Answered
from opendr_perception.process.sinks.base import ResultSource

ROWS = 20_000
"""Of a row group, at least; so many are kept in memory, as arrays."""

LOOSE = 500
"""Rows that are kept one by one, which takes ten times their memory."""

WORD = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
_REAL = pyarrow.float32()
POINT = pyarrow.struct([("x", _REAL), ("y", _REAL), ("score", _REAL)])

COLUMNS: Mapping[str, tuple[Any, str]] = {
    "recording": (WORD, "name of the file or folder"),
    "stream": (WORD, "name of the stream, which is its folder in the output"),
    "topic": (WORD, "whose finding the row is: persons, poses, faces, voices or sounds"),
    "frame": (pyarrow.int64(), "number of the frame in the recording, from 0; of voices and sounds, of the answer"),
    "stamp": (
        pyarrow.int64(),
        "of the frame, or the end of the sound, ns, as in the messages; films begin with 1 s",
    ),
    "seconds": (pyarrow.float64(), "since the first frame of the recording, or the first answer"),
    "track_id": (pyarrow.string(), "of the person, face or voice on this topic; empty while it is not confirmed"),
    "score": (_REAL, "of the detection, in [0, 1]; its probability, of voices and sounds"),
    "x_min": (_REAL, "of the box, px"),
    "y_min": (_REAL, "of the box, px"),
    "x_max": (_REAL, "of the box, px"),
    "y_max": (_REAL, "of the box, px"),
    "keypoints": (pyarrow.list_(POINT), "of a pose, or the landmarks of a face, in the order of the messages; px"),
    "action": (WORD, "what the person is doing; poses only, and nothing while the network fills"),
    "action_score": (_REAL, "its probability"),
    "action_warm": (pyarrow.bool_(), "whether the receptive field is filled"),
    "identity": (WORD, "enrolled name; empty for strangers; faces only"),
    "identity_confidence": (_REAL, "1 - distance / threshold; nothing where it was not computed"),
    "yaw": (_REAL, "of the head, rad; faces only"),
    "pitch": (_REAL, "of the head, rad; faces only"),
    "roll": (_REAL, "of the head, rad; faces only"),
    "expression": (WORD, "the most probable one; faces only"),
    "valence": (_REAL, "in [-1, 1]; faces only"),
    "arousal": (_REAL, "in [-1, 1]; faces only"),
    "speaking": (pyarrow.bool_(), "whether the voice speaks now; voices only"),
    "sound": (WORD, "what is heard, or unknown; sounds only"),
    "sound_warm": (pyarrow.bool_(), "whether the receptive field is filled; sounds only"),
}
"""Type and meaning of each column. What does not apply is NULL."""

SCHEMA = pyarrow.schema([(name, kind) for name, (kind, _) in COLUMNS.items()])


class TableSink:
    """Writes the table of one stream.

    Args:
        path: of the file.
        source: what the results are of.
    """

    def __init__(self, path: Path, source: ResultSource) -> None:
        self._source = source
        told = {"provenance": json.dumps(source.provenance, sort_keys=True)}
        self._writer = pyarrow.parquet.ParquetWriter(path, SCHEMA.with_metadata(told), compression="zstd")
        self._rows: list[dict[str, object]] = []
        self._parts: list[pyarrow.Table] = []
        self._first: int | None = None

    def write(self, answered: Answered) -> None:
        stamp = answered.view.stamp
        self._first = stamp if self._first is None else self._first
        common = {
            "recording": self._source.recording,
            "stream": self._source.name,
            "frame": answered.frame,
            "stamp": stamp,
            "seconds": (stamp - self._first) / 1e9,
        }
        self._rows += ({**common, **row} for row in rows(answered.results))
        if len(self._rows) >= LOOSE:
            self._pack()
        if sum(part.num_rows for part in self._parts) >= ROWS:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def abort(self) -> None:
        self._writer.close()

    def _pack(self) -> None:
        if self._rows:
            self._parts.append(pyarrow.Table.from_pylist(self._rows, schema=SCHEMA))
        self._rows = []

    def _flush(self) -> None:
        self._pack()
        if self._parts:
            self._writer.write_table(pyarrow.concat_tables(self._parts).unify_dictionaries())
        self._parts = []


def rows(results: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    """The rows of one frame, without what they have in common.

    Args:
        results: messages by topic.
    """
    if persons := results.get("persons"):
        yield from (_row("persons", each) for each in persons.detections)
    if poses := results.get("poses"):
        actions = _by_track(results["actions"].actions) if "actions" in results else {}
        for pose in poses.poses:
            yield {**_row("poses", pose), "keypoints": _points(pose.keypoints), **_action(actions.get(pose.track_id))}
    if faces := results.get("faces"):
        emotions = _by_track(results["emotions"].emotions) if "emotions" in results else {}
        for face in faces.faces:
            yield {**_row("faces", face), **_face(face), **_emotion(emotions.get(face.track_id))}
    if voices := results.get("voices"):
        for voice in voices.voices:
            yield {"topic": "voices", "track_id": voice.voice_id, "score": voice.score, "speaking": voice.speaking}
    if sounds := results.get("sounds"):
        for each in sounds.sounds:
            yield {"topic": "sounds", "score": each.score, "sound": each.label, "sound_warm": each.warm}


def _row(topic: str, found: Any) -> dict[str, object]:
    box = found.box
    corners = {"x_min": box.x_min, "y_min": box.y_min, "x_max": box.x_max, "y_max": box.y_max}
    return {"topic": topic, "track_id": found.track_id, "score": found.score, **corners}


def _by_track(found: Iterable[Any]) -> dict[str, Any]:
    return {each.track_id: each for each in found if each.track_id}


def _points(points: Iterable[Any]) -> list[dict[str, float]]:
    return [{"x": point.x, "y": point.y, "score": point.score} for point in points]


def _action(action: Any) -> dict[str, object]:
    if action is None:
        return {}
    return {"action": action.label, "action_score": action.score, "action_warm": action.warm}


def _face(face: Any) -> dict[str, object]:
    numbers = {
        "identity_confidence": face.identity_confidence,
        "yaw": face.yaw,
        "pitch": face.pitch,
        "roll": face.roll,
    }
    known = {name: value for name, value in numbers.items() if math.isfinite(value)}
    return {"identity": face.identity, "keypoints": _points(face.landmarks), **known}


def _emotion(emotion: Any) -> dict[str, object]:
    if emotion is None:
        return {}
    numbers = {"valence": emotion.valence, "arousal": emotion.arousal}
    return {"expression": emotion.label, **{name: value for name, value in numbers.items() if math.isfinite(value)}}
