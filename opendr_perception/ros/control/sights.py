"""People in the messages that a robot looks at, and which of them is meant."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.active.perception import FaceObservation, Recognition
from opendr_perception.active.surroundings import PersonPosition, match
from opendr_perception.msg import BodyPose, Box, Detection, Face, PersonArray
from opendr_perception.tasks.imaging import Image

MOST = 200
"""People in one image; more take so long to place that the robot cannot be stopped in time."""
IMAGES = 12
"""Number of images that are kept until the faces found in them arrive."""
LOOKS = 3
"""Views of a face that are kept."""
UNKNOWN = Recognition("", math.nan)
FACE, BODY = "face", "body"
"""Kinds of tracks: ids of one kind tell nothing of the other."""
SAME_DIRECTION = 0.1
"""rad; a face so near to where the person is expected is theirs, whatever its track."""
FRESH = 2.0
"""Seconds for which the newest message of `people` tells whose a body or a face is."""


@dataclass(frozen=True)
class LocatedFace:
    """A face of the newest message, and where its person stands."""

    face: Face
    person: PersonPosition


def boxes(found: Sequence[Face | Detection | BodyPose]) -> list[np.ndarray]:
    """The boxes (4,) of people in an image.

    Raises:
        ValueError: there are too many.
    """
    if len(found) > MOST:
        raise ValueError(f"{len(found)} people in one image, more than {MOST}")
    return [corners(one.box) for one in found]


def corners(box: Box) -> np.ndarray:
    """(4,) x and y of the upper left, then of the lower right corner, pixels."""
    return np.array([box.x_min, box.y_min, box.x_max, box.y_max], np.float64)


class FaceViews:
    """The newest views of the face that is meant. Not for several threads at once."""

    def __init__(self) -> None:
        self._images: deque[tuple[int, Image]] = deque(maxlen=IMAGES)
        self._views: deque[FaceObservation] = deque(maxlen=LOOKS)

    def __len__(self) -> int:
        return len(self._views)

    def clear(self) -> None:
        """Forget the views; images are kept."""
        self._views.clear()

    def all(self) -> list[FaceObservation]:
        """The views, the oldest first."""
        return list(self._views)

    def keep(self, stamp: int, image: Image) -> None:
        """Keep an image until its faces come."""
        self._images.append((stamp, image))

    def add(self, stamp: int, sight: LocatedFace, pan: float, usable: bool) -> tuple[str, str] | None:
        """Make a view of a face, if its image is there.

        Args:
            stamp: of the image, ns.
            sight: the face.
            pan: angle that the robot has gone around the person, rad.
            usable: whether the robot stood still then; else only faults are looked for.

        Returns:
            What is wrong and what that is about, or None.
        """
        image = next((image for other, image in self._images if other == stamp), None)
        face = sight.face
        landmarks = np.array([(point.x, point.y) for point in face.landmarks], np.float64)
        if image is None:
            return "image_raw has no image with the stamp of the faces", "images of faces"
        if landmarks.shape != (6, 2) or not np.isfinite(landmarks).all():
            return "faces: a face without six landmarks is left out", "landmarks"
        if usable:
            box, away = corners(face.box), sight.person.distance
            self._views.append(FaceObservation(image, box, landmarks, UNKNOWN, away, pan, face.score))
        return None


class Roster:
    """Bodies and faces of people, by the newest message of the node `people`. Not for several threads at once."""

    def __init__(self) -> None:
        self._heard = -math.inf
        self._owners: dict[tuple[str, str], str] = {}
        self._names: dict[str, tuple[float, str]] = {}

    def take(self, message: PersonArray, now: float) -> None:
        """Take note of who is there, at a time in s.

        A track that two people claim is nobody's, and so is a name: what is not clear moves no robot to anybody.
        """
        owners: dict[tuple[str, str], str] = {}
        names: dict[str, tuple[float, str]] = {}
        for person in message.people[:MOST]:
            if not person.person_id:
                continue
            for key in ((BODY, person.body_id), (FACE, person.face_id)):
                if key[1] and person.visible:
                    owners[key] = person.person_id if owners.get(key, person.person_id) == person.person_id else ""
            if person.name:
                sure = person.name_confidence if math.isfinite(person.name_confidence) else 0.0
                other = names.get(person.name)
                names[person.name] = (sure, person.person_id) if other is None else (sure, "")
            names[person.person_id] = (1.0, person.person_id)
        self._heard, self._owners, self._names = now, owners, names

    def owner(self, kind: str, track: str, now: float) -> str:
        """The id of the person who has this FACE or BODY; '' where nobody says so."""
        return self._owners.get((kind, track), "") if now - self._heard <= FRESH else ""

    def find(self, wanted: str, now: float) -> str:
        """The id of the person who is meant by an id or a name; '' where there is none, or two."""
        return self._names.get(wanted, (0.0, ""))[1] if wanted and now - self._heard <= FRESH else ""


class Meant:
    """The one person whom the robot looks at: by a track, or by an id or a name of `people`.

    Where people are known, nobody else is ever taken for them, however near they stand.
    """

    def __init__(self) -> None:
        self.wanted = ""
        self.track: str | None = None
        """Track that was found; '' for a body without one, None for nobody yet."""
        self._roster, self._who = Roster(), ""

    def begin(self, wanted: str) -> None:
        """Somebody is meant from now on; '' for whoever is nearest."""
        self.wanted, self.track, self._who = wanted, None, ""

    def take(self, message: PersonArray, now: float) -> None:
        """Take note of whose bodies and faces are seen."""
        self._roster.take(message, now)

    def face_among(
        self, sights: Sequence[LocatedFace], expected: PersonPosition | None, now: float
    ) -> LocatedFace | None:
        """Their face: by its id, else where they are expected; the nearest one where anybody is meant.

        Args:
            sights: the faces of an image, the nearest one first.
            expected: where they should be; None where nobody knows.
            now: s.
        """
        anybody = self.track is None and not self.wanted
        sight = next((one for one in sights if anybody or self.owns_face(one.face.track_id, now)), None)
        if sight is None and self.track is not None and expected is not None:
            own = [one for one in sights if not self.is_another(FACE, one.face.track_id, now)]
            near = min(own, key=lambda one: abs(one.person.bearing - expected.bearing), default=None)
            if near is not None and abs(near.person.bearing - expected.bearing) <= SAME_DIRECTION:
                sight = near
        if sight is not None:
            self.track = sight.face.track_id
            self._who = self._person(now) or self._roster.owner(FACE, self.track, now)
        return sight

    def body_among(
        self,
        bodies: Sequence[PersonPosition],
        tracks: Sequence[str],
        expected: PersonPosition | None,
        sought: bool,
        now: float,
    ) -> tuple[PersonPosition | None, Sequence[int]]:
        """The place where their body should be, or the numbers of the bodies of which one is theirs.

        Args:
            bodies: of an image.
            tracks: ids of these.
            expected: where they should be; None where nobody knows.
            sought: they have no face, and their body is looked for.
            now: s.
        """
        if mine := [b for b, track in enumerate(tracks) if self.owns_body(track, now, sought)]:
            return None, mine  # by the id, wherever they were expected
        if expected is None:
            return None, list(range(len(tracks))) if sought and not self.wanted else []
        there = match([expected], bodies).get(0)
        foreign = there is not None and self.is_another(BODY, tracks[there], now)
        return (None if foreign else expected), []

    def owns_face(self, track: str, now: float) -> bool:
        """True if a face is theirs, by its id."""
        if not track or self.is_another(FACE, track, now):
            return False
        return track == (self.track or self.wanted) or self._known(FACE, track, now)

    def owns_body(self, track: str, now: float, sought: bool) -> bool:
        """True if a body is theirs, by its id; while they are sought, also by what was asked for."""
        if not track or self.is_another(BODY, track, now):
            return False
        return (sought and track == self.wanted) or self._known(BODY, track, now)

    def is_another(self, kind: str, track: str, now: float) -> bool:
        """True if a FACE or a BODY is known to be somebody else's."""
        owner = self._roster.owner(kind, track, now)
        return owner != "" and self._person(now) not in ("", owner)

    def _known(self, kind: str, track: str, now: float) -> bool:
        who = self._person(now)
        return who != "" and self._roster.owner(kind, track, now) == who

    def _person(self, now: float) -> str:
        self._who = self._who or self._roster.find(self.wanted, now)
        return self._who
