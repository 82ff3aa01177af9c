"""Films and network streams, decoded by PyAV: every frame is one that the decoder has really written."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from opendr_perception.tasks.imaging import MAX_PIXELS, Image, PixelRange, printable
from opendr_perception.tasks.recordings.deinterlace import Deinterlacer
from opendr_perception.tasks.recordings.pacer import DEFAULT_RATE
from opendr_perception.tasks.recordings.source import FrameSource, RecordedFrame, VideoError

SCHEMES = ("rtsp", "rtsps", "http", "https")
TIMEOUT = 5.0
"""Seconds without a byte, after which a network stream is taken for lost."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds before a lost stream is opened again; each failure doubles them."""

LONGEST_GROUP = 250
"""Frames before the first whole one that are left out; a stream without any is played after so many."""

_MAX_FAILURES = 100  # so many packets in a row that cannot be read are the end of a film
_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


class FilmSource(FrameSource):
    """A film, from a file or an http server. Stamps are presentation times and begin with 0."""

    def __init__(self, path: Path | str, loop: bool) -> None:
        super().__init__(without_password(path) if isinstance(path, str) else printable(path), loop)
        # The prefix, because a name such as 'a:b.mp4' would be taken for a protocol.
        self._target = path if isinstance(path, str) else f"file:{os.fspath(path)}"
        self._decoder = Decoder(self._target, self.path, self._skip)
        self.rate, self.length = self._decoder.rate, self._decoder.length
        first = next(self._decoder.images(), None)  # what cannot be decoded shall be known now
        if first is None:
            raise VideoError(f"{self.path}: it has no frame that can be decoded. {self.problem}".rstrip())
        self.size = first[0].width, first[0].height
        self.skipped = 0

    @property
    def endless(self) -> bool:
        """True if it is live, rather than a film with an end."""
        return self._decoder.endless

    def _play(self) -> Iterator[RecordedFrame]:
        self._decoder.close()
        self._decoder = Decoder(
            self._target, self.path, self._skip
        )  # anew for each pass, because not every container can seek
        period = round(1e9 / (self.rate or DEFAULT_RATE))
        start: int | None = None
        stamp = -period
        for image, time in self._decoder.images():
            start = time if start is None else start
            elapsed = stamp if time is None or start is None else time - start
            stamp = elapsed if elapsed > stamp else stamp + period
            yield RecordedFrame(image, stamp)

    def _release(self) -> None:
        self._decoder.close()


class LiveSource(FrameSource):
    """A network camera. Frames have no stamp: they are of now. A lost one is asked again, more and more rarely."""

    def __init__(self, url: str) -> None:
        super().__init__(without_password(url), loop=False)
        self._url = url
        self._decoder: Decoder | None = Decoder(url, self.path, self._skip)
        self.rate, self.size = self._decoder.rate, self._decoder.size

    def _play(self) -> Iterator[RecordedFrame]:
        wait = FIRST_WAIT
        while not self._closed.is_set():
            try:
                self._decoder = self._decoder or Decoder(self._url, self.path, self._skip)
                for image, _ in self._decoder.images():
                    self.waiting, wait = "", FIRST_WAIT
                    yield RecordedFrame(image, None)
                problem = f"{self.path}: the stream has ended"
            except VideoError as error:
                problem = str(error)
            self._release()
            self.waiting = f"{problem}; tried again every {wait:g} s"
            self._closed.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _release(self) -> None:
        if self._decoder:
            self._decoder.close()
        self._decoder = None


class Decoder:
    """Opens a film or stream, and gives its images once.

    Args:
        target: a URL, or 'file:' and a path.
        name: what it is called in errors.
        skip: is told of each frame that is left out, and why.

    Raises:
        VideoError: it cannot be opened, or has no video.
    """

    def __init__(self, target: str, name: str, skip: Callable[[str], None]) -> None:
        self._name, self._skip = name, skip
        local = target.startswith("file:")
        live = target.startswith("rtsp")
        options = {"rtsp_transport": "tcp", "fflags": "nobuffer"} if live else {}
        otherwise = "not a video that can be read" if local else f"no video came within {TIMEOUT:g} s that can be read"
        try:
            self._container: InputContainer = av.open(
                target, options=options, timeout=None if local else TIMEOUT, metadata_errors="replace"
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            raise VideoError(f"{name}: {_reason(error, otherwise)}") from error
        stream = self._container.streams.best("video")
        if not isinstance(stream, VideoStream):
            self._container.close()
            raise VideoError(f"{name}: it has no video")
        self._stream = stream
        context = _codec(stream)
        if context is None:
            self._container.close()
            raise VideoError(f"{name}: the codec of its video is not known")
        if context.width * context.height > MAX_PIXELS:
            self._container.close()
            raise VideoError(f"{name}: its frames of {context.width}x{context.height} pixels are too large")
        stream.thread_type = "SLICE" if live else "AUTO"  # threads for several frames would delay a live one
        rate = float(stream.average_rate or stream.guessed_rate or 0)
        self.rate = rate if 0 < rate <= 1000 else 0.0  # some containers tell their clock's rate, or nothing
        self.size = (context.width, context.height) if context.width and context.height else None
        self.endless = self._container.duration is None
        seconds = (self._container.duration or 0) / av.time_base
        self.length = stream.frames or max(0, round(seconds * self.rate)) or None
        self._predicts = not context.codec.intra_only
        self._to_bgr = VideoReformatter()
        self._tone = PixelRange()

    def images(self) -> Iterator[tuple[Image, int | None]]:
        """Each image, and its presentation time in nanoseconds where it has one.

        Raises:
            VideoError: reading failed, such as of a network that is gone.
        """
        smooth = Deinterlacer()
        early = 0 if self._predicts else LONGEST_GROUP
        for decoded in self._decoded():
            if decoded is not None and early < LONGEST_GROUP:  # what is predicted from frames that are not there
                early = LONGEST_GROUP if decoded.key_frame else early + 1
                if early < LONGEST_GROUP:
                    continue
            if decoded is not None and decoded.is_corrupt:
                self._skip("a frame is damaged")
                continue
            for frame in smooth(decoded):
                try:
                    image = self._image(frame)
                except (av.FFmpegError, OSError, ValueError) as error:
                    self._skip(f"a frame of {frame.format.name} cannot be converted: {error}")
                    continue
                yield image, _nanoseconds(frame)

    def close(self) -> None:
        self._container.close()

    def _decoded(self) -> Iterator[VideoFrame | None]:
        """Frames as they were coded; None at the end."""
        failures = 0
        packets = self._container.demux(self._stream)
        while failures < _MAX_FAILURES:
            try:
                packet = next(packets, None)
                if packet is None:
                    break
                frames = [frame for frame in packet.decode() if isinstance(frame, VideoFrame)]
            except av.InvalidDataError as error:
                failures += 1
                self._skip(f"a frame is damaged: {_reason(error, 'invalid data')}")
                packets = self._container.demux(self._stream)
            except (av.FFmpegError, OSError) as error:
                raise VideoError(f"{self._name}: {_reason(error, 'it cannot be read any more')}") from error
            else:
                failures = 0
                yield from frames
        yield None

    def _image(self, frame: VideoFrame) -> Image:
        deep = re.match(r"gray(9|1\d)", frame.format.name)  # 9 to 16 bits
        written = self._to_bgr.reformat(frame, format="gray16le" if deep else "bgr24").to_ndarray()
        pixels, note = self._tone.to_8bit(written) if deep else (np.asarray(written, np.uint8), "")
        turn = _TURNS.get(frame.rotation % 360)
        pixels = pixels if turn is None else np.asarray(cv2.rotate(pixels, turn), np.uint8)
        return Image(pixels, "mono8" if pixels.ndim == 2 else "bgr8", note)


def without_password(url: str) -> str:
    """A URL as it may be printed."""
    return re.sub(r"//[^/@]*@", "//***@", url)


def _codec(stream: VideoStream) -> VideoCodecContext | None:
    """Codec context of a stream; None for a codec that is not known, whatever the types of PyAV say."""
    return stream.codec_context


def _nanoseconds(frame: VideoFrame) -> int | None:
    if frame.pts is None or frame.time_base is None:
        return None
    return round(frame.pts * frame.time_base * 10**9)


def _reason(error: Exception, otherwise: str) -> str:
    """Error text of FFmpeg, without the URL and its password."""
    if isinstance(error, av.InvalidDataError | UnicodeError):
        return otherwise
    if isinstance(error, av.ExitError):
        return f"nothing came for {TIMEOUT:g} s"
    return str(getattr(error, "strerror", "") or otherwise)
