"""From the results of this package's nodes to the topics of ROS4HRI, for each stream, until `close`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from sensor_msgs.msg import Image
from std_msgs.msg import Bool, Header

from opendr_perception.msg import BodyPoseArray, DetectionArray, EmotionArray, FaceArray, PersonArray, VoiceArray
from opendr_perception.ros.convert import stamps
from opendr_perception.ros.hri import convert
from opendr_perception.ros.hri.crops import CutOuts
from opendr_perception.ros.hri.features import MOST, Features
from opendr_perception.ros.hri.persons import PersonTopics
from opendr_perception.ros.hri.places import Places
from opendr_perception.ros.hri.sounds import VoiceSounds
from opendr_perception.ros.node import ManagedNode, qos
from opendr_perception.ros.outputs import messages
from opendr_perception.ros.topics import names


class HumansBridge:
    """Subscribes results and publishes people. Everything in the executor's thread.

    Args:
        node: whose topics they are; its parameters say how.
        types: the module hri_msgs.msg.
    """

    def __init__(self, node: ManagedNode, types: ModuleType) -> None:
        self._node, self._types = node, types
        root = node.params.root
        roi = types.NormalizedRegionOfInterest2D
        self._faces = Features(
            node,
            types,
            f"{root}/faces",
            {
                "roi": roi,
                "cropped": Image,
                "expression": types.Expression,
                "landmarks": types.FacialLandmarks,
            },
        )
        self._bodies = Features(
            node, types, f"{root}/bodies", {"roi": roi, "cropped": Image, "skeleton2d": types.Skeleton2D}
        )
        self._sound_type = getattr(messages("audio_common_msgs"), "AudioData", None)
        heard = {"is_speaking": Bool} if self._sound_type is None else {"is_speaking": Bool, "audio": self._sound_type}
        self._voices = Features(node, types, f"{root}/voices", heard)
        self._persons = PersonTopics(node, types, root)
        self._crops = {stream: CutOuts(node, stream) for stream in node.params.streams}
        self._places = {stream: Places(node, stream) for stream in node.params.streams}
        self._sounds = {stream: VoiceSounds(node, stream) for stream in node.params.streams}
        self._subscriptions = [
            self._subscribe(stream, topic, kind, take)
            for stream in node.params.streams
            for topic, kind, take in (
                ("faces", FaceArray, self._take_faces),
                ("persons", DetectionArray, self._take_persons),
                ("poses", BodyPoseArray, self._take_poses),
                ("emotions", EmotionArray, self._take_emotions),
                ("voices", VoiceArray, self._take_voices),
                ("people", PersonArray, self._take_people),
            )
        ]

    def close(self) -> None:
        """Subscribe and publish nothing any more."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        for crops in self._crops.values():
            crops.close()
        for places in self._places.values():
            places.close()
        for sounds in self._sounds.values():
            sounds.close()
        for each in (self._faces, self._bodies, self._voices):
            each.close()
        self._persons.close()

    def look(self) -> None:
        """Once a second: let go of what has fallen silent, and subscribe images if cut-outs are wanted."""
        header = Header(stamp=self._node.get_clock().now().to_msg())
        for each in (self._faces, self._bodies, self._voices, self._persons):
            each.expire(header)
        wanted = any(each.wanted(one, "cropped") for each in (self._faces, self._bodies) for one in each.ids)
        for crops in self._crops.values():
            crops.want(wanted)
        listened = any(self._voices.wanted(one, "audio") for one in self._voices.ids)
        for sounds in self._sounds.values():
            sounds.want(listened)

    def _take_faces(self, stream: str, message: FaceArray) -> None:
        tracked = self._show(self._faces, stream, message, message.faces)
        for identifier, face in tracked.items():
            if self._faces.wanted(identifier, "landmarks"):
                self._faces.publish(identifier, "landmarks", convert.landmarks(self._types, message, face))
        self._places[stream].show_faces(message.header, (message.width, message.height), tracked)

    def _take_persons(self, stream: str, message: DetectionArray) -> None:
        self._show(self._bodies, stream, message, message.detections)

    def _take_people(self, stream: str, message: PersonArray) -> None:
        self._places[stream].take(message)
        self._persons.take(stream, message)

    def _show(self, features: Features, stream: str, message: Any, found: Sequence[Any]) -> dict[str, Any]:
        if not (message.width and message.height):
            raise ValueError("they come without the size of their image")
        tracked = {convert.topic_id(one.track_id, stream): one for one in found[:MOST] if one.track_id}
        features.update(stream, tracked, message.header)
        size = message.width, message.height
        for identifier, one in tracked.items():
            features.publish(identifier, "roi", convert.roi(self._types, message.header, one.box, size, one.score))
            if features.wanted(identifier, "cropped"):
                side = self._node.params.face_size if features is self._faces else 0
                cropped = self._crops[stream].cut(message.header, one.box, side)
                if cropped is not None:
                    features.publish(identifier, "cropped", cropped)
        return tracked

    def _take_poses(self, stream: str, message: BodyPoseArray) -> None:
        if not (message.width and message.height):
            raise ValueError("they come without the size of their image")
        found = convert.skeletons(self._types, message.header, message)
        for pose, skeleton in zip(message.poses, found, strict=True):
            if pose.track_id:  # of a body that is tracked, else nothing is published
                self._bodies.publish(convert.topic_id(pose.track_id, stream), "skeleton2d", skeleton)
        self._places[stream].show_bodies(message.header, message)

    def _take_emotions(self, stream: str, message: EmotionArray) -> None:
        for emotion in message.emotions:
            told = convert.expression(self._types, message.header, emotion, message.labels)
            if emotion.track_id and told is not None:
                self._faces.publish(convert.topic_id(emotion.track_id, stream), "expression", told)

    def _take_voices(self, stream: str, message: VoiceArray) -> None:
        tracked = {convert.topic_id(one.voice_id, stream): one for one in message.voices if one.voice_id}
        self._voices.update(stream, tracked, message.header)
        for identifier, voice in tracked.items():
            self._voices.publish(identifier, "is_speaking", Bool(data=voice.speaking))
        if self._sound_type is None:
            return
        pieces = self._sounds[stream].until(stamps.nanoseconds(message.header.stamp))
        for identifier in [one for one, voice in tracked.items() if voice.speaking]:
            for piece in pieces:
                self._voices.publish(identifier, "audio", self._sound_type(data=piece))

    def _subscribe(self, stream: str, topic: str, kind: type, take: Callable[[str, Any], None]) -> Any:
        name = names.resolve(self._node, f"{stream}/{topic}" if stream else topic)

        def receive(message: Any) -> None:
            try:
                take(stream, message)
            except ValueError as error:
                self._node.warn(f"{name}: {error}", name)

        return self._node.create_subscription(kind, name, receive, qos.newest(self._node.params.qos_reliability, 5))
