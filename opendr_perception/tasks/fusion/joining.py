"""Assignment of bodies, poses, faces, actions and expressions of an image to its people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.action import Action
from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.emotion import Emotion
from opendr_perception.tasks.face import Identity, RecognisedFaces
from opendr_perception.tasks.fusion.sight import Floats, Sight
from opendr_perception.tasks.nms import pairwise_iou

SURE = 0.3
"""Score of keypoints that are used."""
SAME_ID, SAME_BOX = 0.2, 0.4
"""Least overlap of a body and a pose of one id, and of different ones."""
HEAD_ON_FACE = (0, 1, 2, 3, 4), (2, 1, 0, 5, 4)
"""Nose, left and right eye, left and right ear: among COCO's keypoints, and among a face's landmarks."""
FARTHEST = 0.6
"""Mean distance of those, in sides of the face's box, from which on a face is not of that body."""
FEWEST = 2
"""Keypoints of a head that must be seen to go by them."""
EXPECTED_DOWN = 0.12
"""Expected middle of a face in a box, from its upper end, in its height."""
BY_BOX = 0.5
"""Most that a match by the box alone counts; keypoints count up to 1."""
CONTINUED = 0.2
"""Bonus of a face and a body that were of one person before."""
RIVAL = 0.5
"""Share of what the best body is worth for a face, from which on another body could have it as well."""
FACE_SHARE = (0.03, 0.6)
"""Side of a face over the height of the body, between which both can be of one person; cut bodies have large faces."""


@dataclass(frozen=True, eq=False)
class Face:
    """The face of somebody.

    Args:
        track: id; '' none.
        box: (4,) pixels.
        landmarks: (6, 2) pixels.
        angles: yaw, pitch, roll relative to the camera's axis, rad.
        identity: whose it is.
        score: of the detection.
    """

    track: str
    box: Floats
    landmarks: Floats
    angles: Floats
    identity: Identity
    score: float

    @property
    def side(self) -> float:
        """The longer side of the box, pixels."""
        return float((self.box[2:] - self.box[:2]).max())


@dataclass(frozen=True, eq=False)
class SeenPerson:
    """Somebody in an image: a body, a face, or both.

    Args:
        body: track id; '' none.
        box: (4,) of the body or, without one, of the face, pixels.
        score: of the body or the face.
        place: index of the body in the sight; None without one.
        keypoints: (17, 3) x, y, score in the order of COCO; None unknown.
        face: None without one.
        action: with the labels of the sight; None unknown.
        emotion: with the labels of the sight; None unknown.
        disputed: the face could be of another body of the image as well: it is no evidence of who this is.
    """

    body: str
    box: Floats
    score: float
    place: int | None = None
    keypoints: Floats | None = None
    face: Face | None = None
    action: Action | None = None
    emotion: Emotion | None = None
    disputed: bool = False


def join(sight: Sight, before: Mapping[str, str] = {}) -> list[SeenPerson]:
    """All who are in an image: each body, with what belongs to it, and then the faces beside all bodies.

    A face inside of the box of a body that is not its own is of somebody behind, whose body will be found, or none.

    Args:
        sight: the image.
        before: the face's id of each body's id, as they were joined last.
    """
    poses = None if sight.poses is None else sight.poses.in_layout("coco17")
    pose_of = {} if poses is None else match_poses(sight, poses)
    keypoints = {} if poses is None else {b: poses.keypoints[p].astype(np.float64) for b, p in pose_of.items()}
    faces = [] if sight.faces is None else faces_of(sight.faces)
    boxes = sight.bodies.boxes.astype(np.float64)
    worth = worth_of_faces(boxes, keypoints, faces)
    earlier = [[bool(face.track) and before.get(track) == face.track for face in faces] for track in sight.tracks]
    was = np.array(earlier, bool).reshape(worth.shape)
    face_of = assigned(worth + CONTINUED * (was & (worth > 0)))
    actions = {} if sight.actions is None else {one.track: one for one in sight.actions.people if one.track}
    emotions = {} if sight.emotions is None else {one.track: one for one in sight.emotions.faces if one.track}
    found = []
    for number, track in enumerate(sight.tracks):
        face = faces[face_of[number]] if number in face_of else None
        posed = "" if poses is None or number not in pose_of or not poses.tracks else poses.tracks[pose_of[number]]
        found.append(
            SeenPerson(
                track,
                boxes[number],
                float(sight.bodies.scores[number]),
                number,
                keypoints.get(number),
                face,
                actions.get(posed or track),
                emotions.get(face.track) if face else None,
                face is not None and disputed(number, face, boxes, worth[:, face_of[number]], was[:, face_of[number]]),
            )
        )
    alone = [face for k, face in enumerate(faces) if k not in face_of.values() and not held_by(boxes, face).any()]
    return found + [SeenPerson("", face.box, face.score, face=face, emotion=emotions.get(face.track)) for face in alone]


def faces_of(found: RecognisedFaces) -> list[Face]:
    """Each face by itself."""
    boxes, scores = found.faces.detections.boxes.astype(np.float64), found.faces.detections.scores
    landmarks = found.faces.landmarks.astype(np.float64)
    return [
        Face(found.tracks[k], boxes[k], landmarks[k], found.angles[k], found.identities[k], float(scores[k]))
        for k in range(len(boxes))
    ]


def match_poses(sight: Sight, poses: Poses) -> dict[int, int]:
    """The pose of each body that has one: by the same id where boxes overlap, else by overlap alone."""
    overlaps = pairwise_iou(sight.bodies.boxes, poses.people.boxes)
    tracks = poses.tracks or [""] * len(poses)
    same = np.array([[one == other != "" for other in tracks] for one in sight.tracks], bool).reshape(overlaps.shape)
    worth = np.where(same & (overlaps >= SAME_ID), 1 + overlaps, np.where(overlaps >= SAME_BOX, overlaps, 0))
    return assigned(worth)


def worth_of_faces(boxes: Floats, keypoints: Mapping[int, Floats], faces: Sequence[Face]) -> Floats:
    """Scores (bodies, faces) of each face with each body."""
    worth = np.zeros((len(boxes), len(faces)))
    for row, box in enumerate(boxes):
        for column, face in enumerate(faces):
            worth[row, column] = likeness(box, keypoints.get(row), face)
    return worth


def disputed(body: int, face: Face, boxes: Floats, worth: Floats, was: npt.NDArray[np.bool_]) -> bool:
    """True if the face of a body could be of another one, as where people cross.

    Args:
        body: index of the body that has the face.
        face: that it has.
        boxes: (n, 4) of all bodies.
        worth: (n,) of the face with all bodies.
        was: (n,) which of them had the face before.
    """
    rivals = (worth >= RIVAL * worth[body]) | (was & held_by(boxes, face))
    rivals[body] = False
    return bool(rivals.any())


def held_by(boxes: Floats, face: Face) -> npt.NDArray[np.bool_]:
    """Mask (n,) of the boxes (n, 4) in which the middle of a face is."""
    middle = (face.box[:2] + face.box[2:]) / 2
    return np.asarray((boxes[:, :2] <= middle).all(axis=1) & (middle <= boxes[:, 2:]).all(axis=1), np.bool_)


def likeness(box: Floats, keypoints: Floats | None, face: Face) -> float:
    """Score of a face with a body, 0 to 1: by the keypoints of the head, or else by its place in the box."""
    width, height = box[2:] - box[:2]
    middle = (face.box[:2] + face.box[2:]) / 2
    margin = face.side / 2
    inside = (box[:2] - margin <= middle).all() and (middle <= box[2:] + margin).all()
    if not inside or height <= 0 or not FACE_SHARE[0] <= face.side / height <= FACE_SHARE[1] * max(1, width / height):
        return 0.0
    if keypoints is not None:
        body, marks = keypoints[list(HEAD_ON_FACE[0])], face.landmarks[list(HEAD_ON_FACE[1])]
        usable = (body[:, 2] >= SURE) & np.isfinite(marks).all(axis=1)
        if usable.sum() >= FEWEST:
            away = np.linalg.norm(body[usable, :2] - marks[usable], axis=1).mean()
            return float(max(0.0, 1 - away / face.side / FARTHEST))
    expected = np.array([(box[0] + box[2]) / 2, box[1] + EXPECTED_DOWN * height])
    away = np.abs(middle - expected) / [0.5 * width, 0.35 * height]
    unseen = 0.5 if keypoints is not None and keypoints[5:, 2].max(initial=0) >= SURE else 1.0  # from behind?
    return float(BY_BOX * unseen * max(0.0, 1 - np.hypot(*away)))


def assigned(worth: Floats) -> dict[int, int]:
    """The column of each row, so that the sum of what pairs are worth is the largest; pairs worth 0 are none."""
    from scipy.optimize import linear_sum_assignment  # takes 0.2 s to import

    rows, columns = linear_sum_assignment(worth, maximize=True)
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if worth[r, c] > 0}
