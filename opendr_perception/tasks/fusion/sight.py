"""Input of the fusion of people, one image with all that was found in it, and its output."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.action import Actions
from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.emotion import Emotions
from opendr_perception.tasks.face import RecognisedFaces
from opendr_perception.tasks.imaging import Image, PinholeCamera
from opendr_perception.tasks.nms import Detections

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mount:
    """Pose of a camera's axes (x right, y down, z forward) in the frame in which people are located.

    Args:
        rotation: (3, 3).
        translation: (3,), m.
        upright: whether z of the frame points up, and the floor is z = 0.
    """

    rotation: Floats = field(default_factory=lambda: np.eye(3))
    translation: Floats = field(default_factory=lambda: np.zeros(3))
    upright: bool = False

    def apply(self, point: Floats) -> Floats:
        """Move points (..., 3) of the camera into the frame."""
        return np.asarray(point @ self.rotation.T + self.translation)


@dataclass(frozen=True, eq=False)
class Sight:
    """One image of one camera, and all that others have found in it.

    Args:
        camera: name of the stream.
        size: width and height of the image, pixels.
        bodies: boxes and scores of people.
        tracks: the id of each body; '' while there is none.
        image: for the colours of clothes; None: clothes tell nothing.
        poses: of bodies, with ids of the same tracker or of another one; None where not known of this image.
        faces: as poses.
        actions: by the ids of poses.
        emotions: by the ids of faces.
        lens: calibration for images of this size; None: nothing can be located.
        mount: None where nobody says where the camera is: nothing can be located in the frame.
        frame: name of the frame in which people are located.
        voices: ids of the voices that speak, by the track of the face that each belongs to.
        depth: (h, w) m along the camera's axis, as seen by the same lens, of any size of the same shape; NaN unknown.
    """

    camera: str
    size: tuple[int, int]
    bodies: Detections
    tracks: Sequence[str]
    image: Image | None = None
    poses: Poses | None = None
    faces: RecognisedFaces | None = None
    actions: Actions | None = None
    emotions: Emotions | None = None
    lens: PinholeCamera | None = None
    mount: Mount | None = None
    frame: str = ""
    depth: npt.NDArray[np.float32] | None = None
    voices: Mapping[str, str] = field(default_factory=dict)


class NameSource(IntEnum):
    """By what a name is known, as in Person.msg."""

    NONE = 0
    FACE = 1
    APPEARANCE = 2


class PositionSource(IntEnum):
    """By what a position is known, as in Person.msg."""

    NONE = 0
    SIZE = 1
    GROUND = 2
    DEPTH = 3


class Zone(IntEnum):
    """Distances between people [Hall 1966, The Hidden Dimension], as in Person.msg."""

    UNKNOWN = 0
    INTIMATE = 1
    PERSONAL = 2
    SOCIAL = 3
    PUBLIC = 4


@dataclass(frozen=True, eq=False)
class PersonLocation:
    """Position and velocity of a person.

    Args:
        position: (3,) middle of the torso, m.
        covariance: (3, 3) of the position, m².
        velocity: (3,), m/s.
        source: by what it is known.
    """

    position: Floats
    covariance: Floats
    velocity: Floats
    source: PositionSource

    @staticmethod
    def unknown() -> PersonLocation:
        """Nowhere."""
        return PersonLocation(np.full(3, np.nan), np.full((3, 3), np.nan), np.full(3, np.nan), PositionSource.NONE)


@dataclass(frozen=True, eq=False)
class HeadPose:
    """Pose of a head in the frame in which people are located [REP 155, face frame].

    Args:
        origin: (3,) between the eyes, m.
        axes: (3, 3), whose columns point out of the face, to its left and to the scalp; those of the frame where only
            keypoints show the head.
    """

    origin: Floats
    axes: Floats

    def moved(self, way: Floats) -> HeadPose:
        """The same pose, after a way (3,), m."""
        return HeadPose(self.origin + way, self.axes)


@dataclass(frozen=True)
class Manner:
    """Action and expression of a person.

    Args:
        action: '' unknown.
        action_score: of the action.
        expression: '' unknown.
        valence: in [-1, 1]; NaN unknown.
        arousal: in [-1, 1]; NaN unknown.
    """

    action: str = ""
    action_score: float = 0.0
    expression: str = ""
    valence: float = math.nan
    arousal: float = math.nan


@dataclass(frozen=True, eq=False)
class Person:
    """One person, as in Person.msg.

    Args:
        id: stable over absences and cameras.
        name: '' unknown.
        name_confidence: in [0, 1].
        name_source: by what the name is known.
        body: track id; '' none.
        face: track id; '' none.
        camera: name of the stream.
        box: (4,) pixels.
        score: of the body, or of the face.
        visible: whether this image shows them.
        place: where they are.
        distance: from the camera, m; NaN unknown.
        zone: what that distance is among people.
        looking: whether the face is turned to the camera.
        manner: what they do and show.
        voice: id of the voice with which they speak; '' while they do not, or nobody knows who does.
        first_seen: stamp in seconds, by the clock of the camera that saw them.
        last_seen: likewise.
        head: pose of the head; None where it was not seen, or nobody knows how far away it is.
    """

    id: str
    name: str
    name_confidence: float
    name_source: NameSource
    body: str
    face: str
    camera: str
    box: Floats
    score: float
    visible: bool
    place: PersonLocation
    distance: float = math.nan
    zone: Zone = Zone.UNKNOWN
    looking: bool = False
    manner: Manner = field(default_factory=Manner)
    first_seen: float = 0.0
    last_seen: float = 0.0
    voice: str = ""
    head: HeadPose | None = None


@dataclass(frozen=True)
class Event:
    """Something that begins or ends, as in PersonEvent.msg.

    Args:
        person: id.
        kind: what it is.
        begins: False: it has ended.
        score: in [0, 1].
        reason: by what it was noticed.
    """

    person: str
    kind: str
    begins: bool
    score: float
    reason: str


@dataclass(frozen=True)
class SceneReport:
    """The people whom a camera sees, or saw a moment ago, and what has begun or ended since the last image."""

    people: Sequence[Person] = ()
    events: Sequence[Event] = ()
