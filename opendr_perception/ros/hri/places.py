"""Publishes the tf frames of faces, gazes and bodies, where tf2_msgs is installed and cameras are calibrated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import ModuleType

from geometry_msgs.msg import TransformStamped
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from std_msgs.msg import Header

from opendr_perception.msg import BodyPoseArray, Face, PersonArray
from opendr_perception.ros.convert.messages import keypoint_array
from opendr_perception.ros.hri.convert import topic_id
from opendr_perception.ros.hri.frames import body_place, face_place, gaze_of
from opendr_perception.ros.node import ManagedNode
from opendr_perception.ros.outputs import messages
from opendr_perception.ros.people import Lens


class Places:
    """Places of what is seen in the images of one stream, until `close`.

    Args:
        node: that publishes.
        stream: the prefix of the topics; '' for none.
    """

    def __init__(self, node: ManagedNode, stream: str) -> None:
        self._node, self._stream = node, stream
        self._types: ModuleType | None = messages("tf2_msgs")
        self._distances: dict[str, float] = {}
        self._lens: Lens | None = None
        self._frames: Publisher | None = None
        if self._types is None:
            node.get_logger().info("tf of faces and bodies is not published: the package tf2_msgs is missing")
        elif node.params.publish_tf:
            self._frames = node.create_publisher(self._types.TFMessage, "/tf", QoSProfile(depth=100))
            self._lens = Lens(node, stream, node.params.image_transport, node.params.rectified, node.warn)

    def close(self) -> None:
        """Publish nothing any more."""
        if self._lens is not None and self._frames is not None:
            self._lens.close()
            self._node.destroy_publisher(self._frames)
            self._lens = self._frames = None

    def take(self, message: PersonArray) -> None:
        """Take note of how far away the people of this camera are."""
        seen = [one for one in message.people if one.visible and math.isfinite(one.distance)]
        self._distances = {
            f"{kind}_{part}": one.distance
            for one in seen
            for kind, part in (("face", one.face_id), ("body", one.body_id))
            if part
        }

    def show_faces(self, header: Header, size: tuple[int, int], faces: Mapping[str, Face]) -> None:
        """Publish the frames of the faces of an image, by their ids, and of what they look at."""
        lens = None if self._lens is None else self._lens.of(*size)
        if lens is None or not header.frame_id:
            return
        found: list[TransformStamped] = []
        for identifier, face in faces.items():
            place = face_place(face, lens, self._distances.get(f"face_{face.track_id}", math.nan))
            if place is not None:
                name = f"face_{identifier}"
                found += [place.transform(header, name), gaze_of(name, f"gaze_{identifier}", header)]
        self._publish(found)

    def show_bodies(self, header: Header, message: BodyPoseArray) -> None:
        """Publish the frames of the bodies of an image."""
        lens = None if self._lens is None else self._lens.of(message.width, message.height)
        if lens is None or not header.frame_id or not message.poses:
            return
        found = []
        for pose, keypoints in zip(message.poses, keypoint_array(message, "openpose18"), strict=True):
            if pose.track_id:
                place = body_place(keypoints, lens, self._distances.get(f"body_{pose.track_id}", math.nan))
                if place is not None:
                    found.append(place.transform(header, f"body_{topic_id(pose.track_id, self._stream)}"))
        self._publish(found)

    def _publish(self, found: Sequence[object]) -> None:
        if found and self._frames is not None and self._types is not None:
            self._frames.publish(self._types.TFMessage(transforms=found))
