"""Topics that follow the image topic, by remapping rules as users give them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import rclpy
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.ros.topics import names


@pytest.fixture
def node(ros: None) -> Iterator[Callable[..., Node]]:
    """Makes a node in the namespace /robot, with remapping rules."""
    made: list[Node] = []

    def make(*rules: str) -> Node:
        arguments = ["--ros-args", *(word for rule in rules for word in ("-r", rule))] if rules else None
        made.append(rclpy.create_node("topics", namespace="/robot", cli_args=arguments))
        return made[-1]

    yield make
    for each in made:
        each.destroy_node()


CASES = [
    ((), "image_raw", "/robot/image_raw", "/robot/camera_info"),
    ((), "front/image_raw", "/robot/front/image_raw", "/robot/front/camera_info"),
    ((), "image_raw/compressed", "/robot/image_raw/compressed", "/robot/camera_info"),
    (("image_raw:=/cam/color/image_raw",), "image_raw", "/cam/color/image_raw", "/cam/color/camera_info"),
    (("image_raw:=/cam/image_raw",), "image_raw/compressed", "/cam/image_raw/compressed", "/cam/camera_info"),
    (("front/image_raw:=/f/image_rect",), "front/image_raw/compressed", "/f/image_rect/compressed", "/f/camera_info"),
    (("image_raw/compressed:=/a/b/compressed",), "image_raw/compressed", "/a/b/compressed", "/a/camera_info"),
    (("image_raw/compressed:=/odd",), "image_raw/compressed", "/odd", "/camera_info"),
    (("image_raw:=/cam/image_raw", "camera_info:=/k"), "image_raw", "/cam/image_raw", "/k"),
    (("image_raw:=/image",), "image_raw", "/image", "/camera_info"),
]


@pytest.mark.parametrize(("rules", "topic", "resolved", "calibration"), CASES)
def test_transports_and_calibration_follow_the_image_topic(
    node: Callable[..., Node], rules: tuple[str, ...], topic: str, resolved: str, calibration: str
) -> None:
    made = node(*rules)
    assert names.resolve(made, topic) == resolved
    assert names.camera_info(made, topic) == calibration


@pytest.mark.parametrize(
    ("topic", "rectified"),
    [
        ("/cam/image_rect", True),
        ("/cam/image_rect_color/compressed", True),
        ("/cam/image_raw", False),
        ("/image_rect/image_raw", False),
    ],
)
def test_rectified_images_are_known_by_their_topic(topic: str, rectified: bool) -> None:
    assert names.is_rectified(topic) == rectified


def test_topics_of_the_type_are_named_and_then_those_of_the_other_transport(graph: Any) -> None:
    observer = graph.observer
    graph.publisher(CompressedImage, "cam/image_raw/compressed", subscribers=0)
    jpeg = f"{graph.namespace}/cam/image_raw/compressed"
    graph.wait(lambda: jpeg in names.others(observer, ImageMessage, "/none"), lambda: "the compressed topic")
    assert f"{jpeg} (image_transport:=compressed)" in names.others(observer, ImageMessage, "/none")
    graph.publisher(ImageMessage, "cam/image_raw", subscribers=0)
    raw = f"{graph.namespace}/cam/image_raw"
    graph.wait(lambda: raw in names.others(observer, ImageMessage, "/none").split(", "), lambda: "the raw topic")
    assert "image_transport" not in names.others(observer, ImageMessage, "/none")
    assert raw not in names.others(observer, ImageMessage, raw).split(", "), "what is waited for is no help"


def test_publishers_of_a_topic_are_named(graph: Any) -> None:
    graph.publisher(ImageMessage, "cam", subscribers=0)
    name = f"{graph.namespace}/observer"
    graph.wait(
        lambda: names.publishers(graph.observer, f"{graph.namespace}/cam") == [name], lambda: "the publisher's node"
    )
