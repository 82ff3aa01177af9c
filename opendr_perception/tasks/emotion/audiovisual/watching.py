"""Faces of the last seconds, track by track: each is looked at once for every quarter of a second."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.emotion import ExpressionNet, FaceView, name_of, visible
from opendr_perception.tasks.emotion.audiovisual.network import PROBABILITIES, AudiovisualModel
from opendr_perception.tasks.imaging import Image, crop_resize, square
from opendr_perception.zoo.cache import sha256_of

PERIOD = 240_000_000
"""Nanoseconds from one face of a clip to the next, and from one answer to the next."""
MOST_TRACKS = 50
"""Tracks that are kept of one stream."""
FLOOR = 1e-3
"""The smallest probability that is told from others."""


def descriptors(probabilities: np.ndarray) -> np.ndarray:
    """Numbers (n, labels) float32 of faces by the probabilities of their expressions: logarithms around their mean.

    Where nothing is known, because all are as probable, they are zeros, as those of a face that is missing.
    """
    logs = np.log(np.maximum(probabilities, FLOOR))
    found: np.ndarray = (logs - logs.mean(1, keepdims=True)).astype(np.float32)
    return found


class FaceDescriber:
    """Describes faces in single images, as a network over time wants it.

    Args:
        session: a network for expressions, or the one for faces that belongs to the model.
        model: what the descriptors are for.

    Raises:
        EngineError: it is for other faces.
    """

    def __init__(self, session: Session, model: AudiovisualModel) -> None:
        self._expressions: ExpressionNet | None = None
        self._trunk: Session | None = None
        if model.faces == PROBABILITIES:
            self._expressions = ExpressionNet(session)
            if tuple(map(name_of, self._expressions.labels)) != model.face_labels:
                raise EngineError(
                    f"{session.path}: it tells {', '.join(self._expressions.labels)}, but "
                    f"{', '.join(model.face_labels)} are needed in this order"
                )
            self.missing: np.ndarray = np.zeros(model.features, np.float32)
            return
        if model.faces != sha256_of(session.path):
            raise EngineError(f"{session.path}: it is not the network for faces that the other one was exported with")
        session.expect(inputs=["image"], outputs=["features"])
        self._trunk, self._side = session, int(session.inputs[0].shape[1] or 0)
        black = np.zeros((1, self._side, self._side, 3), np.uint8)
        self.missing = session.run({"image": black})["features"][0]

    def __call__(self, image: Image, faces: Sequence[FaceView]) -> np.ndarray:
        """Descriptors (n, features) of faces that are `visible` in an image."""
        if self._expressions is not None:
            return descriptors(self._expressions([(image, face) for face in faces]).probabilities)
        assert self._trunk is not None
        crops = np.zeros((len(faces), self._side, self._side, 3), np.uint8)
        for crop, face in zip(crops, faces, strict=True):
            crop_resize(image, square(face.box, 1.0), (self._side, self._side), "rgb", crop)
        found: np.ndarray = self._trunk.run_batch({"image": crops})["features"]
        return found


class SeenFaces:
    """Keeps the descriptors of the tracks of one stream.

    Args:
        frames: of a clip.
        missing: (features,) of a face that is not there.
    """

    def __init__(self, frames: int, missing: np.ndarray) -> None:
        self._frames, self.missing = frames, missing
        self.restart()

    def restart(self) -> None:
        """Forget all."""
        self._tracks: dict[str, dict[int, np.ndarray]] = {}
        self.newest: int | None = None
        self._came = 0.0

    @property
    def stale(self) -> bool:
        """True if nothing has come for a second: what is newest is no matter then."""
        return time.monotonic() - self._came > 1.0

    def add(self, stamp: int, describe: FaceDescriber, image: Image, faces: Sequence[FaceView]) -> None:
        """Look at the faces of an image at a time in ns; not at tracks that were looked at in this period already."""
        place, self._came = stamp // PERIOD, time.monotonic()
        self.newest = stamp if self.newest is None else max(self.newest, stamp)
        new = {
            face.track: face
            for face in faces
            if face.track and visible(face, image) and place not in self._tracks.get(face.track, {})
        }
        for track, found in zip(new, describe(image, list(new.values())) if new else (), strict=True):
            self._tracks.setdefault(track, {})[place] = found
        self._forget(self.newest // PERIOD)

    def _forget(self, newest: int) -> None:
        for track, seen in list(self._tracks.items()):
            kept = {place: found for place, found in seen.items() if newest - 2 * self._frames < place <= newest}
            self._tracks[track] = kept
            if not kept:
                del self._tracks[track]
        while len(self._tracks) > MOST_TRACKS:
            del self._tracks[min(self._tracks, key=lambda track: max(self._tracks[track]))]

    def tracks(self, end: int) -> list[str]:
        """Those who were seen in the clip that ends with a period."""
        return [track for track, seen in self._tracks.items() if any(end - self._frames < p <= end for p in seen)]

    def clip(self, track: str, end: int) -> tuple[np.ndarray, float, bool]:
        """The descriptors (features, frames) of the clip that ends with a period, the share of its periods in which
        the face was seen, and whether it was seen in one of the last two."""
        seen = self._tracks.get(track, {})
        places = range(end - self._frames + 1, end + 1)
        found = np.stack([seen.get(place, self.missing) for place in places], 1)
        there = [place in seen for place in places]
        return found, float(np.mean(there)), any(there[-2:])
