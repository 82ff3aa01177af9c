"""The calibration beside an image topic: latched ones, rectified images, and what is said when none comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo

from opendr_perception.ros.node import qos
from opendr_perception.ros.topics import calibration
from opendr_perception.ros.topics.calibration import Calibration, of_rectified_images
from opendr_perception.ros.topics.cameras import Cameras
from opendr_perception.tasks.imaging.image import Image

K = [500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0]
P = [400.0, 0.0, 310.0, -40.0, 0.0, 410.0, 230.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def info(**fields: Any) -> CameraInfo:
    return CameraInfo(**{"width": 640, "height": 480, "k": K, "p": P, "d": [0.1, 0.2], **fields})


class Taken:
    """A calibration, and what it handed on."""

    def __init__(self, graph: Any, **options: Any) -> None:
        self.infos: list[CameraInfo] = []
        self.calibration = Calibration(graph.observer, self.infos.append, **options)


@pytest.fixture
def take(graph: Any) -> Iterator[Any]:
    made: list[Taken] = []

    def make(**options: Any) -> Taken:
        made.append(Taken(graph, **options))
        return made[-1]

    yield make
    for each in made:
        each.calibration.close()


def test_what_was_published_once_and_latched_before_is_heard(graph: Any, take: Any) -> None:
    publisher = graph.observer.create_publisher(CameraInfo, "camera_info", qos.latest())
    publisher.publish(info())
    taken = take()
    graph.wait(lambda: bool(taken.infos), lambda: "the latched calibration")
    assert list(taken.infos[0].k) == K
    assert list(taken.infos[0].d) == [0.1, 0.2]
    assert taken.calibration.problem == ""


def test_best_effort_calibrations_are_heard(graph: Any, take: Any) -> None:
    taken = take(stream="front")
    publisher = graph.publisher(CameraInfo, "front/camera_info", "best_effort")
    publisher.publish(info())
    graph.wait(lambda: bool(taken.infos), lambda: "the calibration")


def test_rectified_images_have_the_projection_and_no_distortion(graph: Any, take: Any) -> None:
    taken = take(rectified=True)
    graph.publisher(CameraInfo, "camera_info").publish(info())
    graph.wait(lambda: bool(taken.infos), lambda: "the calibration")
    assert list(taken.infos[0].k) == [400.0, 0.0, 310.0, 0.0, 410.0, 230.0, 0.0, 0.0, 1.0]
    assert list(taken.infos[0].d) == []
    assert list(info().k) == K


def test_a_projection_of_zeros_says_nothing() -> None:
    assert list(of_rectified_images(info(p=[0.0] * 12)).k) == K


def test_a_calibration_that_does_not_come_or_says_nothing_is_told(
    graph: Any, take: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "MISSING_AFTER", 0.05)
    taken = take()
    topic = f"{graph.namespace}/camera_info"
    graph.wait(lambda: taken.calibration.problem == f"no camera_info has come on {topic}", lambda: "the silence")
    publisher = graph.publisher(CameraInfo, "camera_info")
    publisher.publish(info(k=[0.0] * 9))
    graph.wait(lambda: "not calibrated" in taken.calibration.problem, lambda: "the zeros")
    publisher.publish(info())
    graph.wait(lambda: taken.calibration.problem == "", lambda: "the calibration")


def test_an_assumed_camera_is_told_once(graph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "MISSING_AFTER", 0.0)
    warnings: list[str] = []
    cameras = Cameras(graph.observer, ("front",), warn=lambda text, about: warnings.append(text))
    image = Image(np.zeros((48, 64, 3), np.uint8), "bgr8")
    for _ in range(3):
        cameras.of("front", image)
    cameras.close()
    assert len(warnings) == 1
    assert f"no camera_info has come on {graph.namespace}/front/camera_info" in warnings[0]
