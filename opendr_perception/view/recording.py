"""Sinks of rerun: the open page, and files."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from opendr_perception.view.sinks import EXTRA, ViewError, ViewSink

if TYPE_CHECKING:
    import rerun

APPLICATION = "opendr_perception"


def record(path: Path, name: str = "") -> ViewSink:
    """A file for `rerun FILE.rrd` and `view`; it is whole once it is closed.

    Args:
        path: to write to, whose folder exists.
        name: of the recording, '' for one by chance.

    Raises:
        ViewError: rerun is missing.
        OSError: the file cannot be written.
    """
    with open(path, "ab"):
        pass
    recording = _rerun().RecordingStream(APPLICATION, recording_id=name or None)
    recording.save(path)
    return _sink(recording, lambda: True)


def live(server_url: str, looked_at: Callable[[], bool]) -> ViewSink:
    """Sends to a server of rerun.

    Args:
        server_url: `rerun+http://127.0.0.1:PORT/proxy`.
        looked_at: whether anybody looks.

    Raises:
        ViewError: rerun is missing.
    """
    recording = _rerun().RecordingStream(APPLICATION)
    recording.connect_grpc(server_url)
    return _sink(recording, looked_at)


def _rerun() -> ModuleType:
    try:
        return importlib.import_module("rerun")
    except ImportError as error:
        raise ViewError(f"rerun is not installed: {EXTRA}") from error


def _sink(recording: rerun.RecordingStream, looked_at: Callable[[], bool]) -> ViewSink:
    from opendr_perception.view.sinks.rerun import RerunSink

    return RerunSink(recording, looked_at)
