"""Diagnostics of a stream, over real topics: each fault in words, and well again when good ones come."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from opendr_perception.msg import Detection, DetectionArray
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.ros.node import managed
from opendr_perception.ros.perception.frame import StreamFrame
from opendr_perception.ros.perception.node import PerceptionNode
from opendr_perception.ros.topics import listener
from opendr_perception.ros.topics.health import RECURS

PIXELS = np.zeros((48, 64, 3), np.uint8)


class Probe(PerceptionNode):
    """Answers each image with the time that trackers are given."""

    NAME = "probe"
    RESULT = (DetectionArray, "times")

    def load(self) -> None:
        self.gate = threading.Event()
        self.gate.set()

    def new_memory(self) -> list[float]:
        return []

    def process(self, frames: Sequence[StreamFrame]) -> Sequence[DetectionArray]:
        assert self.gate.wait(60)
        for frame in frames:
            frame.memory.append(frame.time)
        return [DetectionArray(detections=[Detection(label=repr(time)) for time in f.memory]) for f in frames]

    def draw(self, canvas: np.ndarray, data: Any, result: Any) -> None:
        canvas[:] = 200


class Eye:
    """A camera that a probe answers."""

    def __init__(self, graph: Any, **parameters: Any) -> None:
        self.graph = graph
        self.node = graph.run(Probe, **parameters)
        self.results = graph.listen(DetectionArray, "times", publishers=1)
        self.camera = graph.publisher(ImageMessage, "image_raw")

    def show(self, stamp: float | None = None) -> list[float]:
        """One image; the times that the memory has seen, this one included."""
        result = self.graph.ask(self.camera, self.graph.image(PIXELS, stamp), self.results)
        return [float(detection.label) for detection in result.detections]

    def told(self, text: str, **values: Any) -> dict[str, str]:
        return self.graph.diagnosis("image_raw", text, **values)  # type: ignore[no-any-return]

    def well(self, stamp: float | None) -> None:
        """Good images come, until all is well again."""
        stop = threading.Event()

        def send() -> None:
            now = stamp
            while not stop.wait(0.05):
                self.camera.publish(self.graph.image(PIXELS, now))
                now = None if now is None else now + 0.05

        self.graph._diagnostics.messages.clear()
        thread = threading.Thread(target=send)
        thread.start()
        try:
            assert self.told("images arrive")["level"] == "0"
        finally:
            stop.set()
            thread.join()


def test_a_camera_of_which_nothing_can_be_used_is_an_error_until_good_images_come(graph: Any) -> None:
    eye = Eye(graph, max_gap=1000.0)
    eye.camera.publish(graph.image(PIXELS[..., 0], encoding="smell8"))
    values = eye.told("no message can be used")
    assert values["level"] == "2"
    assert "smell8" in values["message"]
    assert values["rejected"] == "1"
    eye.well(None)


def test_a_camera_of_which_some_images_cannot_be_used_is_a_warning(graph: Any) -> None:
    eye = Eye(graph, max_gap=1000.0)
    stop = threading.Event()

    def send() -> None:
        for encoding in itertools.cycle(("bgr8", "smell8")):
            if stop.wait(0.05):
                return
            eye.camera.publish(graph.image(PIXELS, encoding=encoding))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        graph.wait(
            lambda: any(
                " cannot be used: " in status.message and status.level == DiagnosticStatus.WARN
                for message in graph._diagnostics.messages
                for status in message.status
            ),
            lambda: "no warning of those that cannot be used",
        )
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("stamp", [0.0, 1.7e9])
def test_stamps_that_stand_still_are_told_and_time_advances(graph: Any, stamp: float) -> None:
    eye = Eye(graph, max_gap=1000.0)
    for _ in range(10):
        times = eye.show(stamp)
    assert len(times) == 10
    assert times[-1] > times[-2] > times[-3]
    text = "sets no stamps" if stamp == 0 else "stamps stand still"
    values = eye.told(text)
    assert (values["level"], values["restarts"]) == ("1", "0")
    assert (values["unstamped"], values["repeated"]) == (("10", "0") if stamp == 0 else ("0", "9"))


def test_a_late_image_is_left_out_and_counted_and_is_no_restart(graph: Any) -> None:
    eye = Eye(graph)
    for stamp in (100.0, 100.1, 100.2, 100.3):
        eye.show(stamp)
    eye.camera.publish(graph.image(PIXELS, 100.298))
    eye.told("", late=1)
    assert len(eye.show(100.4)) == 5
    values = eye.told("", received=6, dropped=1)
    assert (values["restarts"], values["processed"]) == ("0", "5")


def test_restarts_that_recur_are_told_with_their_reason(graph: Any, capfd: pytest.CaptureFixture[str]) -> None:
    eye = Eye(graph)
    for _ in range(RECURS + 1):
        for stamp in (100.0, 100.1, 150.0):
            eye.show(stamp)
    values = eye.told("the stream restarts again and again")
    assert values["level"] == "1"
    assert values["restarts"] == str(2 * RECURS + 1)
    assert capfd.readouterr().err.count("; the stream restarts") == 1, "it is said once"


def test_images_that_were_dropped_while_the_node_was_busy_are_no_gap(graph: Any) -> None:
    eye = Eye(graph, max_gap=0.5)
    for stamp in (10.0, 10.1, 10.2):
        eye.show(stamp)
    gap_detector = eye.node._streams[""]._gap_detector
    eye.node.gate.clear()
    for tenth in range(3, 40):
        eye.camera.publish(graph.image(PIXELS, 10 + tenth / 10))
        stamp = round((10 + tenth / 10) * 1e9)
        graph.wait(lambda s=stamp: gap_detector._newest.stamp == s, lambda: "an arrival")
    before = len(eye.results.messages)
    eye.node.gate.set()
    eye.results.wait(before + 2)
    assert len(eye.results.messages[-1].detections) == 5
    eye.told("", restarts=0, dropped=35)


def test_images_that_were_rejected_are_no_gap(graph: Any) -> None:
    eye = Eye(graph, max_gap=0.5)
    for stamp in (10.0, 10.1, 10.2):
        eye.show(stamp)
    for tenth in range(3, 23):
        eye.camera.publish(graph.image(PIXELS, 10 + tenth / 10, encoding="smell8"))
        eye.graph.wait(lambda t=tenth: eye.node._latest.counts("").rejected == t - 2, lambda: "a rejection", limit=20.0)
    assert len(eye.show(12.3)) == 4
    eye.told("", restarts=0, rejected=20)


def test_a_camera_slower_than_the_longest_gap_keeps_its_memory_and_is_told(graph: Any) -> None:
    eye = Eye(graph, max_gap=1.0)
    for index in range(8):
        times = eye.show(100 + 1.7 * index)
    assert len(times) >= 5
    values = eye.told("a message comes every 1.7 s only, but max_gap is 1 s")
    assert values["level"] == "1"


def test_two_publishers_on_one_topic_are_named(graph: Any) -> None:
    eye = Eye(graph)
    eye.show()
    second = rclpy.create_node("second_camera", namespace=graph.namespace)
    publisher = second.create_publisher(ImageMessage, "image_raw", 1)
    graph.wait(lambda: publisher.get_subscription_count() == 1, lambda: "the probe")
    publisher.publish(graph.image(PIXELS))
    values = eye.told("publishers mix their messages")
    assert f"{graph.namespace}/second_camera" in values["message"]
    assert f"{graph.namespace}/observer" in values["message"]
    second.destroy_node()
    eye.well(None)


def test_messages_that_never_came_are_counted(graph: Any) -> None:
    eye = Eye(graph)
    eye.show()
    own = eye.node._streams[""]._listeners[0]
    for _ in range(200):
        eye.camera.publish(graph.image(np.zeros((480, 640, 3), np.uint8)))
    eye.show()
    graph.wait(
        lambda: eye.node._latest.counts("").received + own.lost == 202,
        lambda: f"{eye.node._latest.counts('')} and {own.lost} of 202",
    )
    assert own.lost > 0
    eye.told("images arrive", lost=own.lost)


def test_the_hardware_is_the_camera(graph: Any) -> None:
    eye = Eye(graph)
    eye.show()
    eye.told("images arrive", received=1)
    statuses = [status for message in graph._diagnostics.messages for status in message.status]
    own = [status for status in statuses if graph.namespace in status.name]
    assert any(status.hardware_id == "eye" and "image_raw" in status.name for status in own)
    assert all(status.hardware_id for status in own if "image_raw" not in status.name)


def test_silence_is_told_once_with_the_topics_that_there_are(
    graph: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "SILENCE", 0.1)
    monkeypatch.setattr(listener, "SAY_AFTER", 0.1)
    monkeypatch.setattr(managed, "WARN_EVERY", 0.0)
    graph.publisher(ImageMessage, "camera/color/image_raw", subscribers=0)
    there = f"{graph.namespace}/camera/color/image_raw"
    graph.wait(lambda: graph.observer.count_publishers(there) == 1, lambda: "the publisher")
    graph.run(Probe)
    for _ in range(3):
        values = graph.diagnosis("image_raw", f"nobody publishes {graph.namespace}/image_raw")
        graph._diagnostics.messages.clear()
    assert there in values["message"]
    said = capfd.readouterr().err
    assert said.count("nobody publishes") == 1
    assert there in said


def test_once_active_a_node_says_what_it_does(graph: Any, capfd: pytest.CaptureFixture[str]) -> None:
    graph.run(Probe, "-r", f"image_raw:={graph.namespace}/cam/image_raw")
    lines = [line for line in capfd.readouterr().err.splitlines() if "active: " in line]
    assert len(lines) == 1
    assert f"active: {graph.namespace}/cam/image_raw -> {graph.namespace}/times" in lines[0]


def test_a_text_of_any_length_is_cut(graph: Any, capfd: pytest.CaptureFixture[str]) -> None:
    eye = Eye(graph)
    eye.camera.publish(graph.image(PIXELS, encoding="x" * 200_000))
    values = eye.told("no message can be used")
    assert len(values["message"]) <= managed.LONGEST
    assert len(values["last problem"]) <= managed.LONGEST
    assert len(capfd.readouterr().err) < 10 * managed.LONGEST


def test_warnings_whose_texts_change_are_throttled_by_their_subject(
    graph: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    eye = Eye(graph)
    for number in range(50):
        eye.camera.publish(graph.image(PIXELS, encoding=f"smell{number}"))
        graph.wait(lambda n=number: eye.node._latest.counts("").rejected == n + 1, lambda: "a rejection")
    assert capfd.readouterr().err.count("smell") == 1


def test_the_annotated_image_also_comes_as_jpeg_only_for_somebody(graph: Any) -> None:
    eye = Eye(graph)
    eye.show()
    annotated = graph.listen(CompressedImage, "probe/image/compressed", publishers=1)
    image = graph.image(PIXELS)
    answer = graph.ask(eye.camera, image, annotated)
    assert answer.header == image.header
    assert "jpeg" in answer.format
    decoded = cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == PIXELS.shape
    assert abs(decoded.astype(int) - 200).max() < 5
    assert eye.node._streams[""]._drawings.get_subscription_count() == 0
    graph.observer.destroy_subscription(annotated.subscription)
    graph.wait(lambda: not eye.node._streams[""].watched(), lambda: "the subscriber is still seen")


@pytest.fixture(autouse=True)
def said(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Forget what was printed while the graph began."""
    capfd.readouterr()
    yield
