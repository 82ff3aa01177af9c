"""A robot as the loop of identification sees it: faces and images come from topics, moves go to the drive loop.

Who is seen is asked anew of each view: the names in `faces` are those of a track, so they are about views of the past.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from opendr_perception.active.geometry import Camera, Person
from opendr_perception.active.identification import Interrupted
from opendr_perception.active.motion import Move
from opendr_perception.active.policy import Recogniser, Recognition, View
from opendr_perception.msg import Face, FaceArray
from opendr_perception.ros import stamps
from opendr_perception.ros.drive_loop import DriveLoop
from opendr_perception.tasks.face_geometry import align
from opendr_perception.tasks.image import Image

IMAGES = 12
"""How many images are kept until the faces found in them arrive."""
SAMPLES = 3
"""Faces of which the one of median confidence becomes the view."""
LOOK_TIMEOUT = 2.0
"""Seconds that a person may be out of view when the robot looks."""
SETTLE = 0.3
"""Seconds after a move before an image is sharp."""
SAME_DIRECTION = 0.1
"""rad; a face so near to where the person is expected is theirs, whatever its track."""


@dataclass(frozen=True)
class Sight:
    """A face of the newest message, and where its person stands."""

    face: Face
    person: Person


UNKNOWN = Recognition("", math.nan)


class TopicExplorer:
    """Looks at one person and moves around them.

    Args:
        drive: moves the robot; its lock guards this object too.
        recogniser: says who is seen.
        face_size: of the detector's box around a face, m.
        warn: is told what is wrong with messages.
    """

    def __init__(self, drive: DriveLoop, recogniser: Recogniser, face_size: float, warn: Callable[[str], None]) -> None:
        self._drive, self._recogniser, self._face_size, self._warn = drive, recogniser, face_size, warn
        self._camera: Camera | None = None
        self._images: deque[tuple[int, Image]] = deque(maxlen=IMAGES)
        self._sights: list[Sight] = []
        self._stamp = 0
        self._track: str | None = None
        self._wanted = ""
        self._interruption = "nothing is to be done"
        self._looks: list[View] = []
        self._ready_from = 0
        self._pan = 0.0

    # --- what comes in, in the executor's thread --------------------------------------------------------------------

    def take_camera(self, message: CameraInfo) -> None:
        """Take note of the calibration."""
        try:
            camera = Camera(message.k[0], message.k[2], message.width)
        except ValueError as error:
            self._warn(f"camera_info: {error}; the robot does not move")
            return
        with self._drive.lock:
            self._camera = camera
            self._drive.pilot.half_view = camera.half_view

    def take_image(self, header: Header, image: Image) -> None:
        """Keep an image until its faces come."""
        with self._drive.lock:
            self._images.append((stamps.nanoseconds(header.stamp), image))

    def take_faces(self, message: FaceArray) -> None:
        """Take note of everybody in view."""
        stamp = stamps.nanoseconds(message.header.stamp)
        with self._drive.lock:
            if self._camera is None:
                return
            news = stamp != self._stamp
            self._stamp = stamp
            self._sights = self._locate(message.faces, self._camera)
            sight = self._target()
            others = [other.person for other in self._sights if other is not sight]
            person = None if sight is None else sight.person
            self._drive.observe(stamp * 1e-9, person, others)
            if sight is not None and news:
                self._note(stamp, sight)
            self._drive.lock.notify_all()

    def interrupt(self, reason: str) -> None:
        """End what is under way: the robot stands still, and `look` or `move` raises Interrupted."""
        with self._drive.lock:
            self._interruption = reason
            self._drive.halt(reason)
            self._drive.lock.notify_all()

    # --- what the loop of identification does -----------------------------------------------------------------------

    def begin(self, track: str) -> None:
        """Turn to a person: a track, or '' for whoever is nearest."""
        with self._drive.lock:
            self._wanted, self._track, self._interruption = track, None, ""
            self._looks, self._ready_from, self._pan = [], 0, self._drive.pilot.pan
            self._drive.pilot.forget()

    def look(self) -> View | None:
        """See explorer. Of several looks, the one of median confidence."""
        deadline = time.monotonic() + LOOK_TIMEOUT
        with self._drive.lock:
            self._looks.clear()
            while len(self._looks) < SAMPLES and (left := deadline - time.monotonic()) > 0:
                self._check()
                self._drive.lock.wait(left)
            self._check()
            if self._camera is None:
                raise Interrupted("no camera_info has come, so that distances are unknown")
            looks = list(self._looks)
        if not looks:
            return None
        recognitions = self._recogniser([align(view.image, view.landmarks) for view in looks])
        views = [replace(view, recognition=found) for view, found in zip(looks, recognitions, strict=True)]
        return sorted(views, key=lambda view: view.recognition.rank)[len(views) // 2]

    def move(self, move: Move) -> str:
        """See explorer."""
        problem = self._drive.move(move, lambda: bool(self._interruption))
        with self._drive.lock:
            self._check()
            self._ready_from = self._stamp + round(SETTLE * 1e9)
        return problem

    @property
    def pan(self) -> float:
        """How far the robot has gone around the person in this episode, rad."""
        return self._drive.pilot.pan - self._pan

    @property
    def faces(self) -> Sequence[Face]:
        """The faces in view."""
        with self._drive.lock:
            return [sight.face for sight in self._sights]

    # --- inside, under the lock -------------------------------------------------------------------------------------

    def _check(self) -> None:
        if self._interruption:
            raise Interrupted(self._interruption)

    def _locate(self, faces: Sequence[Face], camera: Camera) -> list[Sight]:
        sights = []
        for face in faces:
            box = face.box
            size = math.sqrt(max(box.x_max - box.x_min, 0.0) * max(box.y_max - box.y_min, 0.0))
            try:
                person = camera.locate((box.x_min + box.x_max) / 2, size, self._face_size)
            except ValueError as error:
                self._warn(f"faces: {error} is left out")
                continue
            sights.append(Sight(face, person))
        return sorted(sights, key=lambda sight: sight.person.distance)

    def _target(self) -> Sight | None:
        """The face of the person who is meant."""
        if self._track is None:
            wanted = (sight for sight in self._sights if not self._wanted or sight.face.track_id == self._wanted)
            sight = next(wanted, None)
        else:
            tracked = (sight for sight in self._sights if self._track and sight.face.track_id == self._track)
            sight = next(tracked, None) or self._expected()
        if sight is not None:
            self._track = sight.face.track_id
        return sight

    def _expected(self) -> Sight | None:
        """The face where the person should be seen."""
        person = self._drive.pilot.person
        if person is None:
            return None
        nearest = min(self._sights, key=lambda sight: abs(sight.person.bearing - person.bearing), default=None)
        if nearest is None or abs(nearest.person.bearing - person.bearing) > SAME_DIRECTION:
            return None
        return nearest

    def _note(self, stamp: int, sight: Sight) -> None:
        """Make a view of a face, if its image is there and the robot stands still."""
        image = next((image for other, image in self._images if other == stamp), None)
        face = sight.face
        landmarks = np.array([(point.x, point.y) for point in face.landmarks], np.float64)
        if image is None:
            self._warn("image_raw has no image with the stamp of the faces")
        elif landmarks.shape != (6, 2) or not np.isfinite(landmarks).all():
            self._warn("faces: a face without six landmarks is left out")
        elif stamp >= self._ready_from:
            box = np.array([face.box.x_min, face.box.y_min, face.box.x_max, face.box.y_max])
            self._looks.append(View(image, box, landmarks, UNKNOWN, sight.person.distance, self.pan))
            del self._looks[:-SAMPLES]
