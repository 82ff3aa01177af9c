"""From messages of other nodes back to what tasks work with, and draw."""

from __future__ import annotations

from collections import Counter

import numpy as np

from opendr_perception.msg import ActionArray, BodyPoseArray, DetectionArray, EmotionArray, FaceArray, VoiceArray
from opendr_perception.ros.convert.messages import face_views, keypoint_array
from opendr_perception.tasks.action import Action, Actions
from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.emotion import Emotion, Emotions
from opendr_perception.tasks.face import LANDMARKS, Faces, Identity, RecognisedFaces
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people import TrackedPeople

PERSON = ("person", "")
"""Labels of detections that are people; there may be others where the publisher is not of this package."""


def read_people(message: DetectionArray) -> TrackedPeople:
    """The people of one image, whoever has found them: cut off at its border, without those that are outside.

    Raises:
        ValueError: a box or a score is none, or two people have the same id.
    """
    found = [each for each in message.detections if each.label in PERSON]
    corners = [(each.box.x_min, each.box.y_min, each.box.x_max, each.box.y_max) for each in found]
    boxes = np.array(corners, np.float32).reshape(-1, 4)
    scores = np.array([each.score for each in found], np.float32)
    tracks = [each.track_id for each in found]
    if not (np.isfinite(boxes).all() and (boxes[:, :2] <= boxes[:, 2:]).all()):
        raise ValueError("a person's box has a corner that is no number, or its corners are interchanged")
    if not ((scores >= 0) & (scores <= 1)).all():  # also what is no number
        raise ValueError("a person's score is not in [0, 1]")
    [(track, times)] = Counter(filter(None, tracks)).most_common(1) or [("", 0)]
    if times > 1:
        raise ValueError(f"{times} people have the id '{track}'")
    cut = np.clip(boxes, 0, [message.width, message.height] * 2).astype(np.float32)
    inside = np.flatnonzero((cut[:, 2:] - cut[:, :2] >= 1).all(axis=1))
    return TrackedPeople(Detections(cut, scores), tracks)[inside]


def read_poses(message: BodyPoseArray) -> Poses:
    """The poses of one image, in their layout.

    Raises:
        ValueError: as `keypoint_array`.
    """
    keypoints = keypoint_array(message, message.layout)
    boxes = [(each.box.x_min, each.box.y_min, each.box.x_max, each.box.y_max) for each in message.poses]
    people = Detections(
        np.array(boxes, np.float32).reshape(-1, 4), np.array([each.score for each in message.poses], np.float32)
    )
    return Poses(people, keypoints, message.layout, [each.track_id for each in message.poses])


def read_faces(message: FaceArray) -> RecognisedFaces:
    """The faces of one image; landmarks that a face does not have are NaN."""
    views = face_views(message)
    landmarks = np.full((len(views), LANDMARKS, 2), np.nan, np.float32)
    for points, face in zip(landmarks, views, strict=True):
        points[: len(face.landmarks)] = face.landmarks[:LANDMARKS]
    boxes = np.array([face.box for face in views], np.float32).reshape(-1, 4)
    scores = np.array([face.score for face in message.faces], np.float32)
    return RecognisedFaces(
        faces=Faces(Detections(boxes, scores), landmarks),
        tracks=[face.track for face in views],
        angles=np.array([face.angles for face in views]).reshape(-1, 3),
        identities=[Identity(f.identity, f.identity_distance, f.identity_confidence) for f in message.faces],
    )


def read_actions(message: ActionArray) -> Actions:
    """Actions of the people of one image."""
    people = [
        Action(a.track_id, np.array(a.probabilities), a.frames, a.warm, np.array(a.begins)) for a in message.actions
    ]
    return Actions(message.labels, people)


def read_emotions(message: EmotionArray) -> Emotions:
    """Emotions of the faces of one image."""
    faces = [
        Emotion(e.track_id, np.array(e.probabilities), e.valence, e.arousal, e.frames, e.warm) for e in message.emotions
    ]
    return Emotions(message.labels, faces)


def read_voices(message: VoiceArray) -> dict[str, str]:
    """The ids of the voices that speak now, by the track of the face that each belongs to."""
    return {voice.face_id: voice.voice_id for voice in message.voices if voice.speaking and voice.face_id}


def read_detections(message: DetectionArray) -> Detections:
    """The boxes and scores of one image; tracks are those of the message."""
    boxes = [(one.box.x_min, one.box.y_min, one.box.x_max, one.box.y_max) for one in message.detections]
    scores = np.array([one.score for one in message.detections], np.float32)
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), scores)
