"""The node `human_presence`, on real images over real topics."""

from __future__ import annotations

from typing import Any

import numpy as np
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.nodes.human_presence import HumanPresenceNode
from opendr_perception.ros.convert.messages import read_heatmap

EMPTY = np.full((480, 640, 3), 90, np.uint8)
CELL = 4


def values(message: ImageMessage) -> np.ndarray:
    return read_heatmap(message, CELL).values


def test_the_heatmap_covers_the_image_and_is_high_on_people(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(HumanPresenceNode, threads=1)
    presence = graph.listen(ImageMessage, "presence", publishers=1)
    drawings = graph.listen(ImageMessage, "human_presence/image", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    image = graph.image(street[0], 5.0, "street_camera")
    message = graph.ask(camera, image, presence)
    assert message.header == image.header
    assert (message.encoding, message.width, message.height, message.step) == ("32FC1", 192, 144, 768)
    heat = values(message)
    assert 0 <= heat.min() <= heat.max() <= 1
    for left, top, right, bottom in ((642, 242, 684, 322), (500, 156, 529, 233), (253, 219, 284, 308)):
        assert heat[top // CELL : bottom // CELL, left // CELL : right // CELL].max() > 0.9
    assert heat[340 // CELL : 440 // CELL, 180 // CELL : 320 // CELL].max() < 0.9, "nobody is on the lawn"

    drawing = drawings.wait(1)[-1]
    drawn = np.frombuffer(drawing.data, np.uint8).reshape(576, 768, 3)
    assert (drawing.header, drawing.encoding) == (image.header, "bgr8")
    assert 0 < (np.abs(drawn.astype(int) - street[0]) > 20).any(axis=2).mean() < 0.5

    small = graph.image(street[0][:63], 5.1)
    camera.publish(small)
    graph.diagnosis("human_presence", rejected=1)
    rgb = graph.image(street[0][..., ::-1], 5.2, encoding="rgb8")
    np.testing.assert_array_equal(values(graph.ask(camera, rgb, presence)), heat)


def test_smoothing_forgets_when_a_stream_starts_anew(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(HumanPresenceNode, threads=1, smoothing=0.75, scales=[0.5], streams=["front", "rear"])
    presence = {name: graph.listen(ImageMessage, f"{name}/presence", publishers=1) for name in ("front", "rear")}
    cameras = {name: graph.publisher(ImageMessage, f"{name}/image_raw") for name in presence}

    def ask(name: str, pixels: np.ndarray, stamp: float) -> np.ndarray:
        return values(graph.ask(cameras[name], graph.image(pixels, stamp), presence[name]))

    first = ask("front", street[0], 10.0)
    nobody = ask("rear", np.zeros_like(street[0]), 10.0)
    after = ask("front", np.zeros_like(street[0]), 10.1)
    np.testing.assert_allclose(after, 0.25 * nobody + 0.75 * first, atol=1e-6)
    np.testing.assert_allclose(ask("front", np.zeros_like(street[0]), 20.0), nobody, atol=1e-6)

    assert "scales must be" in graph.set_parameter("human_presence", "scales", [0.0])
    assert graph.set_parameter("human_presence", "scales", [0.25]) == ""
    assert graph.set_parameter("human_presence", "smoothing", 0.0) == ""
    assert np.abs(ask("front", street[0], 20.1) - first).max() > 0.1


def test_it_says_why_it_does_not_start(graph: Any) -> None:
    graph.run(HumanPresenceNode, scales=[1.5])
    assert "scales must be above 0 and at most 1" in graph.diagnosis("human_presence", "cannot configure")["message"]
    assert graph.state("human_presence") == "unconfigured"
