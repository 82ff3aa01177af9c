"""Processing of messages by a perception node, without its topics, and the same for recordings.

persons = CAPABILITIES["person_detection"]
perceiver = persons.build(persons.settings())
message = persons.message(seen, perceiver(seen := persons.read(image, None), memory, stamp))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.msg import ActionArray, BodyPoseArray, DetectionArray, EmotionArray, FaceArray
from opendr_perception.ros.convert.messages import (
    action_array,
    body_pose_array,
    detection_array,
    emotion_array,
    face_array,
    face_views,
    heatmap_image,
)
from opendr_perception.ros.convert.readers import read_people, read_poses
from opendr_perception.ros.topics import ImageWithResult
from opendr_perception.tasks import action, activity, body, emotion, face, people, presence
from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.emotion import FacesOfImage
from opendr_perception.tasks.face import CameraImage, RecognisedFaces
from opendr_perception.tasks.imaging import Heatmap, Image, PinholeCamera
from opendr_perception.tasks.people import PeopleOfImage
from opendr_perception.tasks.perceiver import InputT, Perceiver, PerceiverSettings, ResultT


@dataclass(frozen=True)
class Capability(Generic[InputT, ResultT]):
    """A way from messages over a perceiver to messages.

    Args:
        settings: what the perceiver is built from.
        build: builds it, as the `build` of the capability's room does.
        result: type and topic of what comes out.
        read: what the perceiver takes, from an image, or from a message of `source` (a `ImageWithResult` where images
            belong to it), and the camera, where one is known. ValueError if it is unusable.
        message: of an input and its result; the header is left to the caller.
        source: topic of the results that it takes; '' for images.
        source_if: the setting, and its value, with which it takes them; images with others. None: always.
        with_images: whether it takes the images of the same stamps too.
        tracks: whether `build` takes the ids of new tracks.
    """

    settings: type[PerceiverSettings]
    build: Callable[..., Perceiver[Any, InputT, Any, ResultT]]
    result: tuple[type, str]
    read: Callable[[Any, PinholeCamera | None], InputT]
    message: Callable[[InputT, ResultT], Any]
    source: str = ""
    source_if: tuple[str, object] | None = None
    with_images: bool = False
    tracks: bool = False

    def source_of(self, settings: PerceiverSettings) -> str:
        """The topic of the results that it takes with these settings; '' for images."""
        if self.source_if is not None and getattr(settings, self.source_if[0]) != self.source_if[1]:
            return ""
        return self.source


def _image(data: Image, camera: PinholeCamera | None) -> Image:
    return data


def _persons(seen: Image, result: people.TrackedPeople) -> DetectionArray:
    return detection_array(seen, result.detections, result.tracks, label="person")


def _people_of_image(data: Image | ImageWithResult, camera: PinholeCamera | None) -> Image | PeopleOfImage:
    return data if isinstance(data, Image) else PeopleOfImage(data.image, read_people(data.agreeing()))


def _poses(seen: Image | PeopleOfImage, result: Poses) -> BodyPoseArray:
    return body_pose_array(seen if isinstance(seen, Image) else seen.image, result, result.tracks)


def _presence(seen: Image, result: Heatmap) -> ImageMessage:
    return heatmap_image(result)


def _camera_image(data: Image, camera: PinholeCamera | None) -> CameraImage:
    return CameraImage(data, camera)


def _faces(seen: CameraImage, result: RecognisedFaces) -> FaceArray:
    return face_array(seen.image, result)


def _read_poses(data: BodyPoseArray, camera: PinholeCamera | None) -> Poses:
    return read_poses(data)


def _actions(seen: Poses, result: action.Actions) -> ActionArray:
    return action_array(result.people, result.labels)


def _activities(seen: Image | PeopleOfImage, result: action.Actions) -> ActionArray:
    return action_array(result.people, result.labels)


def _faces_of_image(data: ImageWithResult, camera: PinholeCamera | None) -> FacesOfImage:
    return FacesOfImage(data.image, face_views(data.agreeing()))


def _emotions(seen: FacesOfImage, result: emotion.Emotions) -> EmotionArray:
    return emotion_array(result.faces, result.labels)


PERSONS = Capability(people.Settings, people.build, (DetectionArray, "persons"), _image, _persons, tracks=True)
POSES = Capability(
    body.Settings,
    body.build,
    (BodyPoseArray, "poses"),
    _people_of_image,
    _poses,
    source="persons",
    source_if=("people", "topic"),
    with_images=True,
    tracks=True,
)
PRESENCE = Capability(presence.Settings, presence.build, (ImageMessage, "presence"), _image, _presence)
FACES = Capability(face.Settings, face.build, (FaceArray, "faces"), _camera_image, _faces, tracks=True)
ACTIONS = Capability(action.Settings, action.build, (ActionArray, "actions"), _read_poses, _actions, source="poses")
ACTIVITIES = Capability(
    activity.Settings,
    activity.build,
    (ActionArray, "activities"),
    _people_of_image,
    _activities,
    source="persons",
    source_if=("per_person", True),
    with_images=True,
)
EMOTIONS = Capability(
    emotion.Settings,
    emotion.build,
    (EmotionArray, "emotions"),
    _faces_of_image,
    _emotions,
    source="faces",
    with_images=True,
)

CAPABILITIES: Mapping[str, Capability[Any, Any]] = {
    "person_detection": PERSONS,
    "human_presence": PRESENCE,
    "face_recognition": FACES,
    "pose_estimation": POSES,
    "action_recognition": ACTIONS,
    "video_activity": ACTIVITIES,
    "emotion_recognition": EMOTIONS,
}
"""By the names of their nodes, in an order in which each comes after what it takes."""
