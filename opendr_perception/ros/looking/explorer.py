"""A robot that looks for a surer pose, action or expression: answers come from topics, moves go to the drive loop."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from opendr_perception.active.control import Move
from opendr_perception.active.identification import Interrupted
from opendr_perception.active.improvement import ViewAnswer
from opendr_perception.active.perception import Recogniser
from opendr_perception.active.surroundings import Locator, match
from opendr_perception.msg import (
    Action,
    ActionArray,
    BodyPose,
    BodyPoseArray,
    DetectionArray,
    Emotion,
    EmotionArray,
    FaceArray,
)
from opendr_perception.ros.control import BODY, LOOK_TIMEOUT, SETTLE, DriveLoop, TopicExplorer
from opendr_perception.ros.convert import stamps
from opendr_perception.ros.looking.answers import LAYOUT, Answers, Told, Wish, keypoints, shares
from opendr_perception.ros.robot.camera_view import CameraView
from opendr_perception.tasks.face import OWN, Alignment

KEPT = 40
"""Images whose bodies and faces are kept until it is told what they do, or how they look."""


class AnsweringTopicExplorer(TopicExplorer):
    """Looks at one person for what is wished, besides names; see `active.improvement`.

    What is said of somebody counts by the stamp of its image: the body or the face of that image is theirs, and the
    robot stood still when it was taken.

    Args:
        drive: moves the robot.
        recogniser: says who is seen.
        camera: how the robot sees.
        warn: is told what is wrong with messages.
        alignment: of the faces that the recogniser takes.
        calibrate: makes shares of the scores of keypoints; None where they are so already.
    """

    def __init__(
        self,
        drive: DriveLoop,
        recogniser: Recogniser,
        camera: CameraView,
        warn: Callable[[str, str], None],
        alignment: Alignment = OWN,
        calibrate: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        super().__init__(drive, recogniser, camera, warn, alignment)
        self._calibrate = calibrate
        self._wish: Wish | None = None
        self._answers = Answers()
        self._newest = 0
        self._bodies_of: deque[tuple[int, str, np.ndarray]] = deque(maxlen=KEPT)
        self._faces_of: deque[tuple[int, str, float]] = deque(maxlen=KEPT)
        self._confidences: dict[str, Mapping[str, float]] = {}

    # --- what comes in, in the executor's thread --------------------------------------------------------------------

    def take_faces(self, message: FaceArray) -> None:
        """Take note of everybody in view, and of how far the head is turned that is meant."""
        super().take_faces(message)
        with self._drive.lock:
            track = self._meant.track
            mine = next((sight.face for sight in self._sights if track and sight.face.track_id == track), None)
            if mine is not None and math.isfinite(mine.yaw):
                self._faces_of.append((self._stamp, mine.track_id, mine.yaw))

    def take_persons(self, message: DetectionArray) -> None:
        """Take note of bodies."""
        super().take_persons(message)
        with self._drive.lock:
            self._newest = max(self._newest, stamps.nanoseconds(message.header.stamp))

    def take_poses(self, message: BodyPoseArray) -> None:
        """Take note of the joints of whoever is meant."""
        stamp = stamps.nanoseconds(message.header.stamp)
        with self._drive.lock:
            found: Sequence[BodyPose] = message.poses
            if message.layout != LAYOUT:
                raise ValueError(f"layout is {message.layout!r}, {LAYOUT} is needed")
            bodies = self._located("poses", message, found, Locator.body, self._warn)
            if bodies is None:
                return
            self._newest = max(self._newest, stamp)
            points = [keypoints(pose, self._calibrate) for pose in found]
            self._confidences["poses"] = {
                pose.track_id: float(body[:, 2].mean()) for pose, body in zip(found, points, strict=True)
            }
            person, now = self._drive.controller.person, time.monotonic()
            mine = None if person is None else match([person], bodies).get(0)
            if mine is None or self._meant.is_another(BODY, found[mine].track_id, now):
                return
            self._bodies_of.append((stamp, found[mine].track_id, points[mine]))
            if self._wants("poses"):
                self._tell(stamp, Told(stamp * 1e-9, points[mine]))

    def take_actions(self, message: ActionArray) -> None:
        """Take note of what somebody does whose body is meant."""
        stamp = stamps.nanoseconds(message.header.stamp)
        with self._drive.lock:
            told = self._probabilities("actions", message.actions, message.labels)
            for seen, track, body in self._bodies_of:
                if seen == stamp and self._wants("actions"):  # not told of them yet: unknown, and seen
                    found = told.get(track) if track else None
                    self._tell(stamp, Told(stamp * 1e-9, body, labels=message.labels, probabilities=found))

    def take_emotions(self, message: EmotionArray) -> None:
        """Take note of how somebody looks whose face is meant."""
        stamp = stamps.nanoseconds(message.header.stamp)
        with self._drive.lock:
            told = self._probabilities("emotions", message.emotions, message.labels)
            for seen, track, yaw in self._faces_of:
                if seen == stamp and self._wants("expressions") and track in told:
                    self._tell(stamp, Told(stamp * 1e-9, None, yaw, message.labels, told[track]))

    def unsure(self, wish: Wish, enough: float) -> list[str]:
        """Tracks in the newest message of whom it is not told surely, by a confidence that is enough."""
        with self._drive.lock:
            told = self._confidences.get(wish.topics[-1], {})
            return [track for track, confidence in told.items() if track and confidence < enough]

    # --- what the loop does -----------------------------------------------------------------------------------------

    def look_for(self, wish: Wish | None) -> None:
        """Look for something from now on; None for names."""
        with self._drive.lock:
            self._wish = wish
            self.needed = type(self).needed if wish is None else wish.topics

    def answer(self) -> ViewAnswer | None:
        """Look, as `AnsweringExplorer` says.

        Raises:
            Interrupted: something else shall be done, people cannot be located, or nothing is told of anybody.
        """
        wish = self._wish
        assert wish is not None
        with self._drive.lock:
            self._answers.clear()
            self._wait(
                lambda: self._answers.complete(wish),
                LOOK_TIMEOUT + 2 * wish.seconds,
                lambda left: self._meant.track is None,
            )
            person = self._drive.controller.person
            if trouble := self.blindness(time.monotonic()):
                raise Interrupted(trouble)
            return None if person is None else self._answers.answer(wish, person.distance, self.pan)

    def move(self, move: Move, within: float = math.inf) -> str:
        """Move, as `Explorer` says."""
        problem = super().move(move, within)
        with self._drive.lock:
            self._ready_from = max(self._stamp, self._newest) + round(SETTLE * 1e9)
        return problem

    # --- inside, under the lock -------------------------------------------------------------------------------------

    def _wants(self, what: str) -> bool:
        return self._wish is not None and self._wish.name == what

    def _tell(self, stamp: int, told: Told) -> None:
        if stamp >= self._ready_from:
            self._answers.add(told)
            self._drive.lock.notify_all()

    def _probabilities(
        self, topic: str, found: Sequence[Action] | Sequence[Emotion], labels: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Probabilities by track, and a note of who is told surely."""
        self._heard[topic] = time.monotonic()
        told = {one.track_id: shares(one.probabilities, labels) for one in found}
        self._confidences[topic] = {track: float(each.max()) for track, each in told.items()}
        return told
