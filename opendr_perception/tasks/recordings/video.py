"""Frames from a film, a directory of images, a camera, a network or a rosbag2 recording, behind one interface."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import cv2
import numpy as np

from opendr_perception.tasks.imaging import SUFFIXES, BadImageFile, Image, PixelRange, printable, read_image
from opendr_perception.tasks.recordings.bag import BagSource
from opendr_perception.tasks.recordings.film import SCHEMES, FilmSource, LiveSource, without_password
from opendr_perception.tasks.recordings.pacer import DEFAULT_RATE, check_rate
from opendr_perception.tasks.recordings.source import FrameSource, RecordedFrame, VideoError

__all__ = ["BagSource", "FrameSource", "RecordedFrame", "VideoError", "image_topics", "open_source"]

BAGS = {".db3", ".mcap"}
COMPRESSED = "/compressed"
"""After the name of the raw topic of the same camera."""
FOREIGN = {".heic", ".heif", ".avif", ".tif", ".tiff", ".gif", ".jp2", ".jxl"}
"""Images that are not read, so that a directory of them can be told from one of anything else."""


def open_source(
    path: str, rate: float = 0.0, loop: bool = False, topic: str = "", past_damage: bool = False
) -> FrameSource:
    """Open whatever has frames.

    Args:
        path: A film, a directory of images (jpg, png, bmp, webp; in natural order) or one of them, a camera ('0',
            '/dev/video0' or a link to it), a URL (rtsp, http, https, file), or a rosbag2 recording (its directory, or
            its .db3 or .mcap file).
        rate: Hz. Sets the stamps of images (0: DEFAULT_RATE) and is asked of a camera (0: its default); recorded
            stamps stay as they are.
        loop: Begin again at the end.
        topic: Image topic of a bag; '': the first one that can be decoded. Other sources ignore it.
        past_damage: Go on behind parts of a bag that cannot be read, and count them as skipped. Others always do.

    Raises:
        VideoError: There is nothing at `path`, or nothing that can be played.
        ValueError: The rate is negative or not finite.
    """
    check_rate(rate)
    if not path or "\0" in path:
        raise VideoError("the path of the video is empty" if not path else f"{printable(path)}: not a path")
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", path)
    if scheme and scheme[1].lower() != "file":
        return _open_url(path, scheme[1].lower(), loop)
    if scheme:
        path = unquote(urlsplit(path).path, errors="surrogateescape")
    device = re.fullmatch(r"(?:/dev/video)?(\d+)", os.path.realpath(path) if path.startswith("/dev/") else path)
    if device:
        return CameraSource(path, int(device[1]), rate)
    try:
        file = Path(path).expanduser()
        mode = file.stat().st_mode
        files = list(file.iterdir()) if stat.S_ISDIR(mode) else [file]
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: there is no such user's home
        raise VideoError(f"{printable(path)}: {getattr(error, 'strerror', None) or error}") from error
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise VideoError(f"{printable(path)}: neither a file nor a directory, but a pipe, a socket or a device")
    return _open_files(path, file, files, rate, loop, topic, past_damage)


def image_topics(path: str) -> list[str] | None:
    """The image topics of a bag that can be decoded, one for each camera: raw rather than compressed; None for others.

    Raises:
        VideoError: there is nothing at `path`, or nothing that can be played.
    """
    with open_source(path) as source:
        if not isinstance(source, BagSource):
            return None
        topics = source.topics
    return [name for name in topics if not (name.endswith(COMPRESSED) and name.removesuffix(COMPRESSED) in topics)]


def _open_files(
    path: str, file: Path, files: list[Path], rate: float, loop: bool, topic: str, past_damage: bool
) -> FrameSource:
    images = [entry for entry in files if entry.suffix.lower() in SUFFIXES]
    if images:
        return ImageFileSource(path, images, rate, loop)
    if any(entry.suffix in BAGS or entry.name == "metadata.yaml" for entry in files):
        return BagSource(file, loop, topic, past_damage)
    known = ", ".join(sorted(SUFFIXES))
    foreign = sorted({entry.suffix for entry in files if entry.suffix.lower() in FOREIGN})
    if foreign:
        raise VideoError(f"{printable(path)}: {', '.join(foreign)} is not read; convert it to one of {known}")
    if files != [file]:
        raise VideoError(f"{printable(path)}: neither images ({known}) nor a rosbag2 are in this directory")
    return FilmSource(file, loop)


def _open_url(url: str, scheme: str, loop: bool) -> FrameSource:
    if scheme not in SCHEMES:
        raise VideoError(
            f"{printable(without_password(url))}: URLs of {scheme} are not played, only {', '.join(SCHEMES)} and file"
        )
    if scheme.startswith("rtsp"):
        return LiveSource(url)
    film = FilmSource(url, loop)
    if not film.endless:
        return film
    film.close()
    return LiveSource(url)


class ImageFileSource(FrameSource):
    """Image files in natural order (2 before 10). Stamps are index / rate."""

    def __init__(self, path: str, files: list[Path], rate: float, loop: bool) -> None:
        super().__init__(printable(path), loop)
        self._files = sorted(files, key=_natural)
        self.rate = rate or DEFAULT_RATE
        self.length = len(files)

    def _play(self) -> Iterator[RecordedFrame]:
        tone = PixelRange()
        for index, file in enumerate(self._files):
            try:
                image = read_image(file, tone=tone)
            except BadImageFile as error:
                self._skip(str(error))
                continue
            yield RecordedFrame(image, round(index * 1e9 / self.rate))

    def _release(self) -> None:
        self._files = []


class CameraSource(FrameSource):
    """A camera of this machine. Frames have no stamp: they are of now."""

    def __init__(self, path: str, index: int, rate: float) -> None:
        super().__init__(path, loop=False)
        self._capture = cv2.VideoCapture(index)
        if not self._capture.isOpened():
            raise VideoError(f"{path}: cannot open this camera; is it plugged in, free, and may this user read it?")
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame rather than all frames
        if rate:
            self._capture.set(cv2.CAP_PROP_FPS, rate)
        self.rate = max(0.0, self._capture.get(cv2.CAP_PROP_FPS))
        self.size = _size(self._capture)

    def _play(self) -> Iterator[RecordedFrame]:
        while True:
            try:
                arrived, pixels = self._capture.read()
            except cv2.error as error:
                raise VideoError(f"{self.path}: the camera's frames cannot be converted") from error
            if not arrived or pixels is None or not pixels.size:
                raise VideoError(f"{self.path}: the camera stopped delivering frames")
            try:
                image = Image(np.asarray(pixels), "mono8" if pixels.ndim == 2 else "bgr8")
            except ValueError as error:
                raise VideoError(f"{self.path}: the camera's frames cannot be used: {error}") from error
            yield RecordedFrame(image, None)

    def _release(self) -> None:
        self._capture.release()


def _size(capture: cv2.VideoCapture) -> tuple[int, int] | None:
    width, height = (int(capture.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    return (width, height) if width > 0 and height > 0 else None


def _natural(path: Path) -> list[str | int]:
    return [int(part) if part.isdecimal() else part.casefold() for part in re.split(r"(\d+)", path.name)]
