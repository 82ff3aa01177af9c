"""A file for rerun's viewer: the images, with what was found in them."""

from __future__ import annotations

from pathlib import Path

import cv2

from opendr_perception.process.pipeline import Answered
from opendr_perception.process.request import ProcessError
from opendr_perception.process.sinks.base import ResultSource
from opendr_perception.process.stage import View
from opendr_perception.tasks.imaging import to_bgr
from opendr_perception.view import EXTRA, TOPICS, Overlay, overlay, record

JPEG_QUALITY = 80


class RrdSink:
    """Writes what `opendr-perception view` shows of a live robot.

    Args:
        path: of the file.
        source: what the results are of.

    Raises:
        ProcessError: rerun is missing.
    """

    def __init__(self, path: Path, source: ResultSource) -> None:
        check_rerun()
        self._file = record(path, source.name)
        self._stream = source.namespace

    def write(self, answered: Answered) -> None:
        assert isinstance(answered.view, View)
        _, jpeg = cv2.imencode(".jpg", to_bgr(answered.view.image), (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
        self._file.write(Overlay(self._stream, "image", answered.view.stamp, jpeg=jpeg.tobytes()))
        for topic, message in answered.results.items():
            if topic in TOPICS:
                self._file.write(overlay(self._stream, message))

    def close(self) -> None:
        self._file.close()

    def abort(self) -> None:
        self._file.close()


def check_rerun() -> None:
    """Make sure that files for rerun can be written.

    Raises:
        ProcessError: rerun is missing.
    """
    try:
        import rerun  # noqa: F401
    except ImportError as error:
        raise ProcessError(f"--format rrd needs rerun: {EXTRA}") from error
