"""From what the tasks return to what crosses the wire."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception.msg import (
    Action,
    ActionArray,
    AvEmotion,
    AvEmotionArray,
    BodyPose,
    BodyPoseArray,
    Box,
    Detection,
    DetectionArray,
    Emotion,
    EmotionArray,
    Face,
    FaceArray,
    Keypoint,
)
from opendr_perception.ros.convert import images
from opendr_perception.tasks.action import recognition
from opendr_perception.tasks.body import LAYOUTS, Poses, convert
from opendr_perception.tasks.emotion import FaceView
from opendr_perception.tasks.emotion import recognition as emotion
from opendr_perception.tasks.emotion.audiovisual import AudiovisualResult
from opendr_perception.tasks.face import RecognisedFaces
from opendr_perception.tasks.imaging import Heatmap, Image
from opendr_perception.tasks.nms import Detections


def detection_array(image: Image, people: Detections, tracks: Sequence[str], label: str) -> DetectionArray:
    """The detections of one image; `tracks` has the track id of each."""
    return DetectionArray(
        width=image.width,
        height=image.height,
        detections=[
            Detection(track_id=track, label=label, score=float(score), box=box(corners))
            for track, score, corners in zip(tracks, people.scores, people.boxes, strict=True)
        ],
    )


def body_pose_array(image: Image, poses: Poses, tracks: Sequence[str]) -> BodyPoseArray:
    """The poses of one image; `tracks` has the track id of each."""
    people = poses.people
    return BodyPoseArray(
        width=image.width,
        height=image.height,
        layout=poses.layout,
        poses=[
            BodyPose(track_id=track, score=float(score), box=box(corners), keypoints=list(map(keypoint, points)))
            for track, score, corners, points in zip(tracks, people.scores, people.boxes, poses.keypoints, strict=True)
        ],
    )


def face_array(image: Image, result: RecognisedFaces) -> FaceArray:
    """The faces of one image."""
    faces, poses, tracks, identities = result.faces, result.angles, result.tracks, result.identities
    size = (image.width, image.height)
    found = faces.detections
    seen = np.ones(faces.landmarks.shape[1], bool)
    seen[-2:] = faces.ears  # else they are where they should be, but nobody has seen them
    inside = ((faces.landmarks >= 0) & (faces.landmarks <= size)).all(axis=2) & seen
    landmarks = np.concatenate([faces.landmarks, (inside * found.scores[:, None])[..., None]], axis=2)
    return FaceArray(
        width=image.width,
        height=image.height,
        faces=[
            Face(
                track_id=tracks[k],
                score=float(found.scores[k]),
                box=box(found.boxes[k]),
                landmarks=list(map(keypoint, landmarks[k])),
                identity=identities[k].name,
                identity_confidence=identities[k].confidence,
                identity_distance=identities[k].distance,
                yaw=poses[k, 0],
                pitch=poses[k, 1],
                roll=poses[k, 2],
            )
            for k in range(len(faces))
        ],
    )


def action_array(actions: Sequence[recognition.Action], labels: Sequence[str]) -> ActionArray:
    """Actions of the people of one image."""
    return ActionArray(
        labels=list(labels),
        actions=[
            Action(
                track_id=person.track,
                label=labels[int(np.argmax(person.probabilities))],
                score=float(np.max(person.probabilities)),
                probabilities=person.probabilities.tolist(),
                frames=person.frames,
                warm=person.warm,
                begins=person.begins.tolist(),
            )
            for person in actions
        ],
    )


def emotion_array(emotions: Sequence[emotion.Emotion], labels: Sequence[str]) -> EmotionArray:
    """Emotions of the faces of one image."""
    return EmotionArray(
        labels=list(labels),
        emotions=[
            Emotion(
                track_id=face.track,
                label=labels[int(np.argmax(face.probabilities))],
                probabilities=face.probabilities.tolist(),
                valence=face.valence,
                arousal=face.arousal,
                frames=face.frames,
                warm=face.warm,
            )
            for face in emotions
        ],
    )


def av_emotion_array(emotions: Sequence[AudiovisualResult], labels: Sequence[str]) -> AvEmotionArray:
    """Emotions of faces and voices; the label is empty where there is no evidence."""
    return AvEmotionArray(
        labels=list(labels),
        emotions=[
            AvEmotion(
                emotion=Emotion(
                    track_id=each.track,
                    label=labels[int(np.argmax(each.probabilities))] if each.modalities else "",
                    probabilities=each.probabilities.tolist(),
                    valence=each.valence,
                    arousal=each.arousal,
                    frames=each.frames,
                    warm=each.warm,
                ),
                modalities=each.modalities,
                audio_coverage=each.audio_coverage,
                video_coverage=each.video_coverage,
            )
            for each in emotions
        ],
    )


def heatmap_image(heatmap: Heatmap) -> ImageMessage:
    """A heatmap as an image of 32-bit floating point numbers, one pixel for each cell."""
    return images.to_message(heatmap.values, Header(), "32FC1")


def read_heatmap(message: ImageMessage, cell: int) -> Heatmap:
    """A heatmap from such an image.

    Args:
        message: from `heatmap_image`.
        cell: side of a cell in pixels of the camera's image.

    Raises:
        ValueError: it is of another encoding.
    """
    if message.encoding != "32FC1" or message.is_bigendian:
        raise ValueError(f"a heatmap must be of the encoding 32FC1, little endian, not {message.encoding}")
    values = np.frombuffer(message.data, np.float32).reshape(message.height, message.width)
    return Heatmap(values, cell, cell / 2)


def face_views(faces: FaceArray) -> list[FaceView]:
    """Positions and head poses of the faces of one image."""
    return [
        FaceView(
            box=np.array([face.box.x_min, face.box.y_min, face.box.x_max, face.box.y_max], np.float64),
            landmarks=np.array([(point.x, point.y) for point in face.landmarks]).reshape(-1, 2),
            angles=(face.yaw, face.pitch, face.roll),
            track=face.track_id,
        )
        for face in faces.faces
    ]


def keypoint_array(poses: BodyPoseArray, layout: str) -> np.ndarray:
    """The keypoints (n, K, 3) of all people, x, y, score, in the order of a layout.

    Raises:
        ValueError: the poses have an unknown layout, or somebody has another number of keypoints than it.
    """
    if poses.layout not in LAYOUTS:
        raise ValueError(f"unknown layout of poses '{poses.layout}' (known: {', '.join(LAYOUTS)})")
    joints = len(LAYOUTS[poses.layout])
    for pose in poses.poses:
        if len(pose.keypoints) != joints:
            raise ValueError(f"a pose of the layout {poses.layout} has {len(pose.keypoints)} keypoints, not {joints}")
    points = [[(point.x, point.y, point.score) for point in pose.keypoints] for pose in poses.poses]
    return convert(np.array(points, np.float64).reshape(len(points), joints, 3), poses.layout, layout)


def box(corners: np.ndarray) -> Box:
    """A box from (4,) x_min, y_min, x_max, y_max."""
    x_min, y_min, x_max, y_max = corners.tolist()
    return Box(x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)


def keypoint(point: np.ndarray) -> Keypoint:
    """A keypoint from (3,) x, y, score."""
    x, y, score = point.tolist()
    return Keypoint(x=x, y=y, score=score)
