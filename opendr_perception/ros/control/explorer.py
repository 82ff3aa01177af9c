"""A robot as the loop of identification sees it: faces and images come from topics, moves go to the drive loop.

Who is seen is asked anew of each view: the names in `faces` are those of a track, so they are about views of the past.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from opendr_perception.active.control import Move, Pursuit
from opendr_perception.active.identification import Interrupted
from opendr_perception.active.perception import FaceObservation, RangeOnly, Recogniser
from opendr_perception.active.surroundings import Bodies, Locator, PersonPosition
from opendr_perception.msg import BodyPose, BodyPoseArray, Detection, DetectionArray, Face, FaceArray, PersonArray
from opendr_perception.ros.control.drive_loop import DriveLoop
from opendr_perception.ros.control.sights import LOOKS, FaceViews, LocatedFace, Meant, boxes
from opendr_perception.ros.convert import stamps
from opendr_perception.ros.robot.camera_view import CameraView
from opendr_perception.tasks.face import OWN, Alignment, align
from opendr_perception.tasks.imaging import Image

LOOK_TIMEOUT = 2.0
"""Seconds that a person may be out of view when the robot looks."""
SETTLE = 0.3
"""Seconds after a move before an image is sharp."""
FACE_LOST = 0.3
"""Seconds without the person's face after which their body tells where they are."""
SILENT = 2.0
"""Seconds after which a topic that should go on is said to be silent."""


class TopicExplorer:
    """Looks at one person and moves around them.

    Args:
        drive: moves the robot; its lock guards this object too.
        recogniser: says who is seen.
        camera: how the robot sees.
        warn: is told what is wrong with messages, and which topic that is about.
        alignment: of the faces that the recogniser takes.
    """

    needed: Sequence[str] = ("image_raw", "faces")
    """Topics without which nobody can be looked at."""

    def __init__(
        self,
        drive: DriveLoop,
        recogniser: Recogniser,
        camera: CameraView,
        warn: Callable[[str, str], None],
        alignment: Alignment = OWN,
    ) -> None:
        self._drive, self._recogniser, self._camera, self._warn = drive, recogniser, camera, warn
        self._alignment = alignment
        self._sights: list[LocatedFace] = []
        self._stamp = 0
        self._meant = Meant()
        self._interruption = "nothing is to be done"
        self._views = FaceViews()
        self._ready_from = 0
        self._pan = 0.0
        self._bodies = Bodies()
        self._face_seen = self._body_seen = -math.inf
        self._seeking = False
        self._heard: dict[str, float] = {}
        self._blind = self._useless = ""

    # --- what comes in, in the executor's thread --------------------------------------------------------------------

    def take_camera(self, message: CameraInfo) -> None:
        """Take note of the calibration."""
        with self._drive.lock:
            self._heard["camera_info"] = time.monotonic()
            try:
                self._camera.take(message)
            except ValueError as error:
                self._stand_blind(str(error), "camera_info")

    def take_image(self, header: Header, image: Image) -> None:
        """Keep an image until its faces come."""
        with self._drive.lock:
            self._heard["image_raw"] = time.monotonic()
            self._views.keep(stamps.nanoseconds(header.stamp), image)

    def take_faces(self, message: FaceArray) -> None:
        """Take note of everybody in view."""
        stamp = stamps.nanoseconds(message.header.stamp)
        with self._drive.lock:
            people = self._located("faces", message, message.faces, Locator.face, self._complain)
            if people is None:
                return
            news = stamp != self._stamp
            self._stamp = stamp
            self._sights = sorted(map(LocatedFace, message.faces, people), key=lambda sight: sight.person.distance)
            self._bodies.faces(stamp * 1e-9, people)
            sight = self._target()
            others = [other.person for other in self._sights if other is not sight]
            if self._drive.observe(stamp * 1e-9, None if sight is None else sight.person, others):
                self._face_seen = self._face_seen if sight is None else time.monotonic()
            if sight is not None and news and (fault := self._look_at(stamp, sight)):
                self._complain(*fault)
            self._drive.lock.notify_all()

    def take_persons(self, message: DetectionArray) -> None:
        """Take note of bodies: people who turn their backs, and where the person is whose face is not found."""
        stamp = stamps.nanoseconds(message.header.stamp)
        with self._drive.lock:
            bodies = self._located("persons", message, message.detections, Locator.body, self._warn)
            if bodies is None:
                return
            now, tracks = time.monotonic(), [found.track_id for found in message.detections]
            expected = self._drive.controller.person
            expected, wanted = self._meant.body_among(bodies, tracks, expected, self._seeking, now)
            pairs = self._bodies.pair(stamp * 1e-9, bodies, expected, wanted)
            person = pairs.person if now - self._face_seen > FACE_LOST else None
            if self._drive.observe(stamp * 1e-9, person, pairs.others, "persons") and person is not None:
                self._meant.track, self._body_seen = self._meant.track or "", now
            self._drive.lock.notify_all()

    def take_people(self, message: PersonArray) -> None:
        """Take note of whose bodies and faces are seen."""
        with self._drive.lock:
            self._meant.take(message, time.monotonic())

    def interrupt(self, reason: str) -> None:
        """End what is under way: the robot stands still, and `look` or `move` raises Interrupted."""
        with self._drive.lock:
            self._interruption = reason
            self._drive.halt(reason)
            self._drive.lock.notify_all()

    # --- what the loop of identification does -----------------------------------------------------------------------

    def begin(self, track: str) -> None:
        """Turn to a person: an id or a name of `people`, a track, or '' for whoever is nearest."""
        with self._drive.lock:
            self._interruption = ""
            self._meant.begin(track)
            self._views.clear()
            self._ready_from, self._pan = 0, self._drive.controller.pan
            self._face_seen = self._body_seen = -math.inf
            self._seeking = False
            self._bodies.begin()
            self._drive.controller.forget()

    def look(self) -> FaceObservation | RangeOnly | None:
        """Look, as `Explorer` says. Of several looks, the one of median confidence; a glimpse where only the body is
        found."""
        with self._drive.lock:
            self._views.clear()
            self._useless = ""
            self._wait(
                lambda: len(self._views) >= LOOKS,
                LOOK_TIMEOUT,
                lambda left: left < LOOK_TIMEOUT / 2 and self._meant.track is None,
            )
            looks = self._views.all()
            if not looks:
                return self._glimpse()
        crops = [align(view.image, view.landmarks, alignment=self._alignment) for view in looks]
        recognitions = self._recogniser(crops)
        views = [replace(view, recognition=found) for view, found in zip(looks, recognitions, strict=True)]
        return sorted(views, key=lambda view: view.recognition.rank)[len(views) // 2]

    def free(self, move: Move) -> bool:
        """See Explorer."""
        with self._drive.lock:
            return self._drive.controller.free(move)

    def move(self, move: Move, within: float = math.inf) -> str:
        """Move, as `Explorer` says."""
        problem = self._drive.move(move, lambda: bool(self._interruption), within)
        with self._drive.lock:
            self._check()
            self._ready_from = self._stamp + round(SETTLE * 1e9)
        return problem

    def follow(self, pursuit: Pursuit, begun: Callable[[], None]) -> str:
        """Follow the person as soon as they are seen; why it ended, in words.

        Args:
            pursuit: how.
            begun: is told that it begins.

        Raises:
            Interrupted: something else shall be done.
        """
        with self._drive.lock:
            self._wait(lambda: self._drive.controller.person is not None, LOOK_TIMEOUT, lambda left: True)
            if self._drive.controller.person is None:
                return f"{self._meant.wanted or 'nobody'} is not in view"
            begun()
        problem = self._drive.move(pursuit, lambda: bool(self._interruption))
        with self._drive.lock:
            self._check()
        return problem

    @property
    def travelled(self) -> float:
        """See Explorer."""
        return self._drive.controller.travelled

    @property
    def pan(self) -> float:
        """Angle that the robot has gone around the person in this episode, rad."""
        return self._drive.controller.pan - self._pan

    def strangers(self) -> Sequence[str]:
        """Tracks of the faces in view that are not recognised."""
        with self._drive.lock:
            return [one.face.track_id for one in self._sights if one.face.track_id and not one.face.identity]

    def blindness(self, now: float) -> str:
        """Reason why people cannot be located at this time, s of the monotonic clock; '' when they can."""
        with self._drive.lock:
            silent = [topic for topic in self.needed if not now - self._heard.get(topic, -math.inf) <= SILENT]
            quiet = f"nothing comes on {' and '.join(silent)}" if silent else ""
            return self._blind or self._camera.problem or quiet or self._drive.controller.problem

    # --- inside, under the lock -------------------------------------------------------------------------------------

    def _wait(self, enough: Callable[[], bool], seconds: float, seeking: Callable[[float], bool]) -> None:
        """Wait for enough, or for so many seconds; `seeking` says, by those that are left, if a body alone will do."""
        deadline = time.monotonic() + seconds
        while not enough() and (left := deadline - time.monotonic()) > 0:
            self._check()
            self._seeking = seeking(left)
            self._drive.lock.wait(min(left, LOOK_TIMEOUT / 4))
        self._check()
        self._seeking = False

    def _check(self) -> None:
        if self._interruption:
            raise Interrupted(self._interruption)

    def _located(
        self,
        topic: str,
        message: FaceArray | DetectionArray | BodyPoseArray,
        found: Sequence[Face] | Sequence[Detection] | Sequence[BodyPose],
        locate: Callable[[Locator, np.ndarray], PersonPosition],
        tell: Callable[[str, str], None],
    ) -> list[PersonPosition] | None:
        """Positions of those who were found in an image; None, and it is told why, where they are not known."""
        self._heard[topic] = time.monotonic()
        locator = self._locator(message.header.frame_id, message.width, message.height, topic)
        if locator is None:
            return None
        try:
            return [locate(locator, box) for box in boxes(found)]
        except ValueError as error:  # somebody is somewhere: what is unknown is not a free way
            tell(f"{topic}: {error}; all of this image is left out", topic)
            return None

    def _locator(self, frame: str, width: int, height: int, topic: str) -> Locator | None:
        """Locator of people in an image; None, and the robot stands, where there is none."""
        try:
            locator = self._camera.locator(frame, width, height)
        except ValueError as error:
            self._stand_blind(str(error), topic)
            return None
        self._blind = ""
        self._drive.controller.half_view = locator.half_view
        return locator

    def _stand_blind(self, reason: str, topic: str) -> None:
        self._blind, self._sights = reason, []
        self._warn(f"{reason}; the robot does not move", topic)
        self._drive.halt(reason)
        self._drive.controller.blind(reason)

    def _complain(self, text: str, topic: str) -> None:
        """Say what is wrong with the faces of an image: now, and where somebody looks in vain."""
        self._useless = text
        self._warn(text, topic)

    def _glimpse(self) -> RangeOnly | None:
        """Position of the person whose face is not found."""
        now, person = time.monotonic(), self._drive.controller.person
        if trouble := self.blindness(now) or self._useless:
            raise Interrupted(trouble)
        if person is None or now - self._body_seen > FACE_LOST:
            return None
        return RangeOnly(person.distance, self.pan)

    def _look_at(self, stamp: int, sight: LocatedFace) -> tuple[str, str] | None:
        """Make a view of a face, if the robot stands still; what is wrong with it."""
        return self._views.add(stamp, sight, self.pan, stamp >= self._ready_from)

    def _target(self) -> LocatedFace | None:
        """The face of the person who is meant."""
        return self._meant.face_among(self._sights, self._drive.controller.person, time.monotonic())
