"""A robot that looks at people with its head alone, as the loop of identification sees it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from opendr_perception.active.control import HeadController, HeadTurn
from opendr_perception.active.perception import FaceObservation, RangeOnly, Recogniser
from opendr_perception.msg import DetectionArray, FaceArray
from opendr_perception.ros.control import DriveLoop, TopicExplorer, boxes
from opendr_perception.ros.robot.camera_view import CameraView
from opendr_perception.tasks.face import OWN, Alignment

OVERLAP = 1.4
"""Half fields of view between two directions in which somebody is looked for: what is seen overlaps."""
FACE_OF_BODY = 0.12
"""Part of a body's box, from above, in which its face is."""
SAME_DIRECTION = 0.1
"""rad; a body so near to where the person is expected is theirs."""


class HeadExplorer(TopicExplorer):
    """Looks at one person, and looks around for them where they are not in view.

    Args:
        drive: turns the head.
        controller: what it asks.
        recogniser: says who is seen.
        camera: how the robot sees.
        warn: is told what is wrong with messages.
        alignment: of the faces that the recogniser takes.
    """

    def __init__(
        self,
        drive: DriveLoop,
        controller: HeadController,
        recogniser: Recogniser,
        camera: CameraView,
        warn: Callable[[str, str], None],
        alignment: Alignment = OWN,
    ) -> None:
        super().__init__(drive, recogniser, camera, warn, alignment)
        self._head = controller

    def take_faces(self, message: FaceArray) -> None:
        """Take note of everybody in view, and of how high the face is that is meant."""
        super().take_faces(message)
        with self._drive.lock:
            track = self._meant.track
            face = next((sight.face for sight in self._sights if sight.face.track_id == track), None)
            if face is not None:
                self._note_height(message, boxes([face])[0])

    def take_persons(self, message: DetectionArray) -> None:
        """Take note of bodies, and of how high the head of that one should be whose face is not seen."""
        super().take_persons(message)
        with self._drive.lock:
            person = self._head.person
            if person is None or self._body_seen <= self._face_seen:
                return
            for box in boxes(message.detections):
                head = box.copy()
                head[3] = box[1] + 2 * FACE_OF_BODY * (box[3] - box[1])
                locator = self._locator(message.header.frame_id, message.width, message.height, "persons")
                if locator is not None and abs(locator.body(box).bearing - person.bearing) < SAME_DIRECTION:
                    self._note_height(message, head)

    def look(self) -> FaceObservation | RangeOnly | None:
        """Look, as `Explorer` says; where nobody is in view, once around."""
        seen = super().look()
        if seen is not None:
            return seen
        for pan in self._directions():
            problem = self._drive.move(HeadTurn(pan), self._seen_or_interrupted)
            with self._drive.lock:
                self._check()
                found = self._head.person is not None
            if problem and not found:
                return None
            seen = super().look()
            if seen is not None:
                return seen
        return None

    def _directions(self) -> list[float]:
        """Positions of the pan joint from which all is seen that can be, the nearest first, then back to the first."""
        joints, step = self._head.joints, max(OVERLAP * self._head.half_view, 0.1)
        if joints.measured is None:
            return []
        here, (least, largest) = joints.measured.pan, joints.range.pan
        left = np.append(np.arange(here + step, largest, step), largest).tolist()
        right = np.append(np.arange(here - step, least, -step), least).tolist()
        return [*left, *right, here]

    def _seen_or_interrupted(self) -> bool:
        return bool(self._interruption) or self._head.person is not None

    def _note_height(self, message: FaceArray | DetectionArray, box: np.ndarray) -> None:
        locator = self._locator(message.header.frame_id, message.width, message.height, "faces")
        if locator is not None:
            self._head.above = locator.above(box)
