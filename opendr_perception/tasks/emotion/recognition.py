"""Follow the expression, valence and arousal of faces: single frames are looked at, and time tells what to believe."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from opendr_perception.tasks.emotion import evidence
from opendr_perception.tasks.emotion.expression import ExpressionNet, Expressions
from opendr_perception.tasks.emotion.smoothing import Smoothing, Unsmoothed
from opendr_perception.tasks.emotion.trust import FaceView, visible
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.shapes import Probabilities
from opendr_perception.tasks.tracks import Key, TrackFollower, TrackMemory


@dataclass(frozen=True)
class FacesInView:
    """The faces in one image of one stream.

    Args:
        memory: what is kept of the stream.
        image: the image.
        faces: where they are.
        stamp: seconds.
    """

    memory: EmotionMemory
    image: Image
    faces: Sequence[FaceView]
    stamp: float


@dataclass(frozen=True)
class Emotion:
    """Emotion of a face.

    Args:
        track: of the face; '' if it has none.
        probabilities: (labels,), summing to 1.
        valence, arousal: in [-1, 1]; NaN if they are not known for these labels.
        frames: of this track that the answer rests upon.
        warm: whether they fill the receptive field.
    """

    track: str
    probabilities: Probabilities
    valence: float
    arousal: float
    frames: int
    warm: bool


@dataclass
class EmotionMemory(TrackMemory):
    """Memory of one stream: the last time and answer of each track."""

    seen: dict[str, float] = field(default_factory=dict)
    newest: dict[str, Emotion] = field(default_factory=dict)

    @property
    def tracks(self) -> Collection[str]:
        return self.seen.keys()

    def drop(self, track: str) -> None:
        del self.seen[track]
        del self.newest[track]


class EmotionRecogniser(TrackFollower[EmotionMemory]):
    """Follows any number of faces on any number of streams.

    Args:
        net: for single frames.
        smoothing: of the frames of a track.
        lost_after: seconds after which a track that is not seen any more is forgotten, and begins anew; more where
            images are rare.
        max_faces: the largest so many of an image are looked at; the time grows with their number.
    """

    def __init__(
        self, net: ExpressionNet, smoothing: Smoothing | None = None, lost_after: float = 1.0, max_faces: int = 20
    ) -> None:
        self._net = net
        self._smoothing = smoothing or Unsmoothed()
        super().__init__(self._smoothing)
        self.labels = self._smoothing.labels or net.labels
        self.lost_after = lost_after
        self.max_faces = max_faces

    def __call__(self, views: Sequence[FacesInView]) -> list[list[Emotion]]:
        """Look at the faces of one image of each of some streams, all in one batch.

        Returns:
            For each image the emotions of its faces, in their order, without those that cannot be seen, because the
            box is none or outside of the image. Faces without a track are judged by this image alone, and so are
            those that have the track of another face.
        """
        for view in views:
            self._forget_lost(view)
        chosen = [(view, face) for view in views for face in self._choose(view)]
        found = self._net([(view.image, face) for view, face in chosen])
        tracked: dict[Key, tuple[int, FacesInView]] = {}
        for place, (view, face) in enumerate(chosen):
            if face.track:
                tracked.setdefault((view.memory.serial, face.track), (place, view))
        followed = self._follow(found, tracked)
        single = self._smoothing.once(found)
        answers: dict[int, list[Emotion]] = {id(view): [] for view in views}
        for place, (view, face) in enumerate(chosen):
            alone = _emotion(face.track, single.probabilities[place], single.affect[place], frames=0, warm=False)
            answers[id(view)].append(followed.get(place, alone))
        return [answers[id(view)] for view in views]

    def _choose(self, view: FacesInView) -> list[FaceView]:
        faces = [face for face in view.faces if visible(face, view.image)]
        sizes = np.array([(face.box[2:] - face.box[:2]).prod() for face in faces])
        return [faces[place] for place in np.sort(np.argsort(-sizes, kind="stable")[: self.max_faces])]

    def _follow(self, found: Expressions, tracked: dict[Key, tuple[int, FacesInView]]) -> dict[int, Emotion]:
        """The emotions of faces with a track, by their places in the batch."""
        fresh = {key: (place, view) for key, (place, view) in tracked.items() if _is_new(view, key[1])}
        if fresh:
            places = [place for place, _ in fresh.values()]
            intervals = [_interval(view, key[1]) for key, (_, view) in fresh.items()]
            smooth = self._smoothing.step(list(fresh), found[places], np.array(intervals))
            for row, ((_, track), (_, view)) in enumerate(fresh.items()):
                view.memory.seen[track] = view.stamp
                view.memory.newest[track] = _emotion(
                    track, smooth.probabilities[row], smooth.affect[row], smooth.frames[row], smooth.warm[row]
                )
        return {place: view.memory.newest[key[1]] for key, (place, view) in tracked.items()}

    def _forget_lost(self, view: FacesInView) -> None:
        """Forget who has been away for too long; without time that advances, who is not here."""
        memory, here = view.memory, {face.track for face in view.faces}
        stands = not memory.advances(view.stamp)
        limit = memory.rhythm.patience(self.lost_after)
        for track, last in list(memory.seen.items()):
            if view.stamp - last > limit or (stands and track not in here):
                self.forget_track(memory, track)


def _is_new(view: FacesInView, track: str) -> bool:
    """True unless it is the same image again, which would say nothing new; images without a stamp (0) are new."""
    return view.stamp == 0 or view.memory.seen.get(track, -np.inf) < view.stamp


def _interval(view: FacesInView, track: str) -> float:
    """Seconds since the track's last frame; at its first one, and without stamps, those of a usual camera."""
    last = view.memory.seen.get(track)
    return view.stamp - last if last is not None and view.stamp else evidence.NOMINAL


def _emotion(track: str, probabilities: np.ndarray, values: np.ndarray, frames: int, warm: bool) -> Emotion:
    valence, arousal = values.tolist()
    return Emotion(track, probabilities, valence, arousal, int(frames), bool(warm))
