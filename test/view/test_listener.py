"""Subscriptions, while somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import DetectionArray
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.ros.node import spinning
from opendr_perception.view import Overlay, ViewListener

GREY = np.full((48, 64, 3), 90, np.uint8)


class Witness:
    """A viewer that remembers what it is shown."""

    def __init__(self) -> None:
        self.eyes = False
        self.shown: list[Overlay] = []

    def looked_at(self) -> bool:
        return self.eyes

    def write(self, overlay: Overlay) -> None:
        self.shown.append(overlay)

    def close(self) -> None:
        self.shown.clear()

    def image(self) -> Overlay | None:
        return next((each for each in self.shown if each.name == "image"), None)


@pytest.fixture
def listening(graph: Any) -> Iterator[tuple[ViewListener, Witness]]:
    witness = Witness()
    listener = ViewListener([witness])
    with spinning([listener]):
        yield listener, witness
    listener.destroy_node()


def test_topics_are_subscribed_while_somebody_looks(graph: Any, listening: tuple[ViewListener, Witness]) -> None:
    listener, witness = listening
    images = graph.observer.create_publisher(ImageMessage, "image_raw", 5)
    results = graph.observer.create_publisher(DetectionArray, "persons", 5)
    ours = {f"{graph.namespace}/{topic}" for topic in ("image_raw", "persons")}
    graph.wait(lambda: listener.count_publishers(f"{graph.namespace}/persons") == 1, lambda: "no publisher is known")
    assert list(listener.subscribed) == [], "nobody looks"

    witness.eyes = True
    graph.wait(lambda: ours <= set(listener.subscribed), lambda: f"only {listener.subscribed}")

    def publish() -> bool:
        images.publish(graph.image(GREY, stamp=3.0))
        results.publish(DetectionArray(header=graph.header(3.0)))
        return {"image", "persons"} <= {each.name for each in witness.shown}

    graph.wait(publish, lambda: f"only {witness.shown}")
    image = witness.image()
    assert image is not None
    assert (image.stream, image.stamp) == (graph.namespace, 3 * 10**9)
    assert image.jpeg is not None
    assert image.jpeg.startswith(b"\xff\xd8")

    witness.eyes = False
    graph.wait(lambda: not listener.subscribed, lambda: f"still {listener.subscribed}")


def test_compressed_images_are_handed_on_as_they_are(graph: Any, listening: tuple[ViewListener, Witness]) -> None:
    _, witness = listening
    witness.eyes = True
    images = graph.observer.create_publisher(CompressedImage, "image_raw/compressed", 5)
    results = graph.observer.create_publisher(DetectionArray, "persons", 5)
    message = graph.jpeg(GREY, stamp=3.0)

    def publish() -> bool:
        images.publish(message)
        results.publish(DetectionArray(header=graph.header(3.0)))
        return witness.image() is not None

    graph.wait(publish, lambda: f"only {witness.shown}")
    image = witness.image()
    assert image is not None
    assert image.jpeg == bytes(message.data)


def test_a_camera_elsewhere_is_shown_with_the_results(graph: Any) -> None:
    witness = Witness()
    witness.eyes = True
    listener = ViewListener([witness], f"{graph.namespace}/front/camera")
    graph.observer.create_publisher(ImageMessage, "front/camera", 5)
    graph.observer.create_publisher(DetectionArray, "persons", 5)
    topics = {f"{graph.namespace}/{topic}" for topic in ("persons", "front/camera")}

    def found() -> bool:
        listener.look()
        return set(listener.subscribed) == topics

    try:
        graph.wait(found, lambda: f"only {listener.subscribed}")
    finally:
        listener.destroy_node()
