"""Names of topics that belong together, and those that exist: names follow the image topic, as image_transport's do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage

COMPRESSED = "/compressed"
STREAM_NAME = re.compile(r"([A-Za-z_]\w*(/[A-Za-z_]\w*)*)?", re.ASCII)
"""Pattern of what ROS accepts as the beginning of a relative topic name, or nothing."""
NAMED = 5
"""At most so many topics are named in a hint."""


def check_streams(streams: Sequence[str]) -> Sequence[str]:
    """The same streams. ValueError: they are none, or no different beginnings of topics' names."""
    if not streams or len(set(streams)) != len(streams) or not all(map(STREAM_NAME.fullmatch, streams)):
        raise ValueError(f"streams must be different names for topics, at least one, got {list(streams)}")
    return streams


def resolve(node: Node, topic: str) -> str:
    """The full name of a topic, remapped.

    That of compressed images follows the image topic, unless it is remapped by itself: with
    `-r image_raw:=/cam/image_raw`, `image_raw/compressed` is `/cam/image_raw/compressed`.
    """
    if topic.endswith(COMPRESSED):
        return _following(node, topic, resolve(node, topic.removesuffix(COMPRESSED)) + COMPRESSED)
    return node.resolve_topic_name(topic)


def camera_info(node: Node, image_topic: str) -> str:
    """The full name of the calibration's topic, beside the images: `/front/image_raw` has `/front/camera_info`.

    Args:
        node: that subscribes.
        image_topic: relative, of raw or compressed images; `camera_info` beside it may be remapped by itself.
    """
    images = resolve(node, image_topic).removesuffix(COMPRESSED)
    return _following(node, _beside(image_topic.removesuffix(COMPRESSED)), _beside(images))


def is_rectified(topic: str) -> bool:
    """True if images of a topic are rectified, by the convention of image_proc: image_rect, image_rect_color, …"""
    return topic.removesuffix(COMPRESSED).rsplit("/", 1)[-1].startswith("image_rect")


def others(node: Node, kind: type, topic: str) -> str:
    """Published topics of this type, for whoever waits for one in vain; '' for none.

    What nodes of this package draw is left out: it is no camera's.
    """
    found = [name for name in _published(node, kind) if name != topic and not _is_drawing(node, name)]
    if not found and kind in (ImageMessage, CompressedImage):
        transport, other = ("compressed", CompressedImage) if kind is ImageMessage else ("raw", ImageMessage)
        found = [f"{name} (image_transport:={transport})" for name in _published(node, other)]
    return ", ".join(found[:NAMED]) + (", …" if len(found) > NAMED else "")


def publishers(node: Node, topic: str) -> list[str]:
    """The full names of the nodes that publish a topic, one for each publisher."""
    found = node.get_publishers_info_by_topic(topic)
    return sorted(f"{info.node_namespace.rstrip('/')}/{info.node_name}" for info in found)


def _published(node: Node, kind: type) -> list[str]:
    name = f"{kind.__module__.split('.')[0]}/msg/{kind.__name__}"
    return [
        topic for topic, types in node.get_topic_names_and_types() if name in types and node.count_publishers(topic)
    ]


def _is_drawing(node: Node, topic: str) -> bool:
    """True if a node that publishes statistics, as those of this package do, publishes a topic below its own name."""
    owners = filter(lambda name: topic.startswith(f"{name}/"), publishers(node, topic))
    return any(node.count_publishers(f"{name}/statistics") for name in owners)


def _following(node: Node, topic: str, followed: str) -> str:
    """A topic where it is remapped to by itself; else where it follows another one."""
    remapped: str = node.resolve_topic_name(topic)
    return remapped if remapped != node.resolve_topic_name(topic, only_expand=True) else followed


def _beside(topic: str) -> str:
    folder, slash, _ = topic.rpartition("/")
    return f"{folder}{slash}camera_info"
