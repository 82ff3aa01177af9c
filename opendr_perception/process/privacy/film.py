"""A film again, with faces or bodies made unrecognisable; and a look at the result with the detector's own eyes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from opendr_perception import zoo
from opendr_perception.process.frames import Frames
from opendr_perception.process.inventory import Unit
from opendr_perception.process.privacy.cover import Box, Cover
from opendr_perception.tasks.face import FaceDetector
from opendr_perception.tasks.imaging import Image, to_bgr
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people import PersonDetector, PersonTracker, new_ids
from opendr_perception.tasks.recordings import open_source

BLOCKS = 5
"""Blocks of one colour along the shorter side of a box: a face of 5 x 5 blocks has no features."""

EAGER = {"faces": 0.3, "bodies": 0.25}
"""Score from which something is covered: lower than nodes take, because a tree that is covered harms nobody."""

USUAL = {"faces": 0.5, "bodies": 0.46}
"""Score from which something that is still found counts, as the nodes have it."""

ROUNDS = 3
"""Times that the film is written, if something is still found in it."""

CLOCK = Fraction(1, 1000)
ENCODING = {"preset": "veryfast", "crf": "18", "threads": "1", "mbtree": "0"}
"""One thread, and no macroblock tree (in x264 it rounds now and then in another way), so that the same film becomes
the same bytes."""

Detector = Callable[[Sequence[Image]], list[Detections]]


@dataclass(frozen=True)
class Blurred:
    """Report of a film in which people are made unrecognisable.

    Args:
        covered: boxes in all frames.
        rounds: how often it was written.
        found: of what is still found in it, the frames.
        resized: frames that had another size than the first one.
    """

    covered: int
    rounds: int
    found: Sequence[int]
    resized: int = 0

    def problems(self, what: str) -> list[str]:
        """Warnings that a user must know before giving the film away."""
        told = []
        if self.found:
            some = ", ".join(map(str, self.found[:10])) + (", …" if len(self.found) > 10 else "")
            told.append(f"blurred.mp4: {what} are still found in {len(self.found)} frames: {some}")
        if self.resized:
            told.append(f"blurred.mp4: {self.resized} frames had another size, and were scaled to that of the first")
        return told


def models(what: str) -> Sequence[str]:
    """The models that are used."""
    return {"faces": ("blazeface",), "bodies": ("nanodet",), "": ()}[what]


def blur_film(unit: Unit, what: str, path: Path) -> Blurred:
    """Write a film of a stream in which nobody can be recognised.

    Whoever is found is followed, so that places are covered too where the detector misses them for a while. What it
    finds in the covered film is covered with one colour, and the film is written again.

    Args:
        unit: the stream.
        what: faces or bodies.
        path: of the film, .mp4.
    """
    cover = Cover()
    tracker = PersonTracker(new_ids("x"), score_threshold=EAGER[what])
    find = detector(what, EAGER[what])
    with Frames(unit) as frames:
        for _, view in frames:
            [found] = find([view.image])
            stamp = view.stamp * 1e-9
            cover.add_frame(stamp, found.boxes, tracker.update(found, stamp))
    look_again = detector(what, USUAL[what])
    rounds = 0
    while True:
        rounds += 1
        regions = cover.regions()
        resized = _write(unit, regions, path)
        still = _look(path, look_again)
        if not still or rounds == ROUNDS:
            found_still = [frame for frame, _ in still]
            return Blurred(sum(map(len, regions)), rounds, found_still, resized)
        for frame, boxes in still:
            cover.add_again(frame, boxes)


def detector(what: str, threshold: float) -> Detector:
    """The detector of faces or bodies in images."""
    [name] = models(what)
    session = zoo.session(name, threads=1)
    if what == "bodies":
        return PersonDetector(session, threshold)
    faces = FaceDetector(session, threshold)
    return lambda images: [found.detections for found in faces(images)]


def pixelate(pixels: np.ndarray, box: Box, blocks: int = BLOCKS) -> None:
    """Replace a box by blocks of their mean colour.

    Args:
        pixels: (H, W, 3) uint8, changed.
        box: may reach beyond the image.
        blocks: along the shorter side.
    """
    height, width = pixels.shape[:2]
    left, top = (max(0, int(np.floor(edge))) for edge in box[:2])
    right, bottom = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    if right <= left or bottom <= top:
        return
    part = pixels[top:bottom, left:right]
    side = min(part.shape[:2]) / blocks
    down, across = (max(1, round(length / max(side, 1.0))) for length in part.shape[:2])
    small = cv2.resize(part, (min(across, part.shape[1]), min(down, part.shape[0])), interpolation=cv2.INTER_AREA)
    part[:] = cv2.resize(small, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)


def _write(unit: Unit, regions: Sequence[Sequence[tuple[Box, bool]]], path: Path) -> int:
    """Write all frames with their regions covered; how many had another size than the first."""
    resized = 0
    with Frames(unit) as frames, _film(path) as put:
        size: tuple[int, int] | None = None
        for (_, view), boxes in zip(frames, regions, strict=True):
            pixels = to_bgr(view.image)
            for box, wholly in boxes:
                pixelate(pixels, box, 1 if wholly else BLOCKS)
            height, width = pixels.shape[:2]
            size = size or (width + width % 2, height + height % 2)
            if (width + width % 2, height + height % 2) != size:
                pixels, resized = np.asarray(cv2.resize(pixels, size)), resized + 1
            padding = ((0, size[1] - pixels.shape[0]), (0, size[0] - pixels.shape[1]), (0, 0))
            put(np.pad(pixels, padding, mode="edge"), view.stamp)
    return resized


@contextmanager
def _film(path: Path) -> Iterator[Callable[[np.ndarray, int], None]]:
    """An H.264 film; takes images of one even size and their stamps, ns."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", options=ENCODING)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = CLOCK
        first = last = -1

        def put(pixels: np.ndarray, stamp: int) -> None:
            nonlocal first, last
            if first < 0:
                first = stamp
                stream.height, stream.width = pixels.shape[:2]
            frame = av.VideoFrame.from_ndarray(pixels, format="bgr24")
            frame.time_base = CLOCK
            frame.pts = last = max(last + 1, round((stamp - first) * 1e-9 / CLOCK))
            container.mux(stream.encode(frame))

        yield put
        if first >= 0:
            container.mux(stream.encode(None))


def _look(path: Path, find: Detector) -> list[tuple[int, np.ndarray]]:
    """The frames of a film in which something is found, and where."""
    with open_source(str(path)) as source:
        found = ((number, find([frame.image])[0].boxes) for number, frame in enumerate(source))
        return [(number, boxes) for number, boxes in found if len(boxes)]
