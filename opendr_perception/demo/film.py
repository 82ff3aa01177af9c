"""A video file in which several images stand side by side, and maybe a strip below them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

HEIGHT = 480
"""Of the film, in pixels."""

ENCODING = {"preset": "veryfast", "tune": "zerolatency", "crf": "23", "g": "20"}
"""Fast, written at once, and a fragment every 20 frames."""

_CLOCK = Fraction(1, 1000)


class FilmWriter:
    """An H.264 video of several streams side by side, as long as they were shown.

    It is written in fragments, so that what was shown can be played even if the process is killed.

    Args:
        path: an mp4 file.
        streams: names, from left to right. A frame is taken whenever the first one shows an image.
        below: draws what stands below them, (H, width, 3) uint8 BGR of a width.
    """

    def __init__(self, path: Path, streams: Sequence[str], below: Callable[[int], np.ndarray] | None = None) -> None:
        fragments = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}
        self._container = av.open(str(path), "w", options=fragments)
        self._streams, self._below = tuple(streams), below
        self._panels: dict[str, np.ndarray] = {}
        self._track: av.VideoStream | None = None
        self._start = 0.0
        self._last = -1
        self.frames = 0

    def show(self, stream: str, image: np.ndarray, seconds: float | None = None) -> None:
        """Show the next image, (H, W, 3) uint8 BGR, of a stream; at a time of the stream's own, or else now."""
        known = self._panels.get(stream)
        width = known.shape[1] if known is not None else round(image.shape[1] * HEIGHT / image.shape[0] / 2) * 2
        panel = cv2.resize(image, (width, HEIGHT), interpolation=cv2.INTER_AREA)
        cv2.putText(panel, stream, (8, HEIGHT - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
        self._panels[stream] = panel
        if stream == self._streams[0] and len(self._panels) == len(self._streams):
            now = time.monotonic() if seconds is None else seconds
            image = np.hstack([self._panels[name] for name in self._streams])
            self._write(image if self._below is None else np.vstack([image, self._below(image.shape[1])]), now)

    def close(self) -> None:
        """Finish the file."""
        if self._track is not None:
            self._container.mux(self._track.encode(None))
        self._container.close()

    def _write(self, image: np.ndarray, now: float) -> None:
        if self._track is None:
            self._start = now
            self._track = self._container.add_stream("libx264", options=ENCODING)
            self._track.height, self._track.width = image.shape[:2]
            self._track.pix_fmt = "yuv420p"
            self._track.codec_context.time_base = _CLOCK
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts = self._last = max(self._last + 1, round((now - self._start) / _CLOCK))
        frame.time_base = _CLOCK
        self._container.mux(self._track.encode(frame))
        self.frames += 1
