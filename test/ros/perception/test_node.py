"""The base of perception nodes, over real topics: what every frame gets, and what nothing may stop."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import Detection, DetectionArray, NodeStatistics
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.ros.perception.frame import StreamFrame
from opendr_perception.ros.perception.node import PerceptionNode

PIXELS = np.zeros((48, 64, 3), np.uint8)
YEARS_AGO = 1.5e9


class Probe(PerceptionNode):
    """Answers each image with its size, and how many images the memory of its stream has seen."""

    NAME = "probe"
    RESULT = (DetectionArray, "sizes")

    def load(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.drawn = 0
        self.trouble: dict[str, Exception] = {}
        self.unsayable: set[str] = set()

    def new_memory(self) -> list[str]:
        return []

    def process(self, frames: Sequence[StreamFrame]) -> Iterable[DetectionArray]:
        self.entered.set()
        assert self.gate.wait(60)
        for frame in frames:
            if frame.header.frame_id in self.trouble:
                raise self.trouble[frame.header.frame_id]
        return map(self._answer, frames)

    def _answer(self, frame: StreamFrame) -> DetectionArray:
        frame.memory.append(frame.stream)
        if frame.header.frame_id in self.unsayable:
            raise ValueError("it has no words for this")
        return DetectionArray(
            width=frame.data.width,
            height=frame.data.height,
            detections=[Detection(label=name) for name in frame.memory],
        )

    def draw(self, canvas: np.ndarray, data: Any, result: Any) -> None:
        self.drawn += 1
        canvas[:] = 200


def seen(result: DetectionArray) -> int:
    """Number of frames that the stream's memory has seen."""
    return len(result.detections)


def test_each_frame_gives_one_result_with_its_header_and_is_counted(graph: Any) -> None:
    graph.run(Probe)
    results = graph.listen(DetectionArray, "sizes", publishers=1)
    statistics = graph.listen(NodeStatistics, "probe/statistics", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")

    for index in range(5):
        image = graph.image(PIXELS, YEARS_AGO + index / 10, f"eye_{index}")
        result = graph.ask(camera, image, results)
        assert (result.header, result.width, result.height, seen(result)) == (image.header, 64, 48, index + 1)
    fresh = graph.image(PIXELS)
    assert graph.ask(camera, fresh, results).header == fresh.header

    last = statistics.find(lambda message: message.received == 6, "statistics of 6 images")
    assert (last.node, last.stream) == (f"{graph.namespace}/probe", "")
    assert (last.processed, last.dropped, last.rejected) == (6, 0, 0)
    timed = statistics.find(lambda message: message.latency_mean > 0, "latency of the fresh image")
    assert timed.rate > 0
    assert 0 <= timed.inference_mean <= timed.latency_max
    assert timed.latency_mean <= timed.latency_max < 3600, "the images that are years old must not count"
    assert statistics.find(lambda message: message.rate == 0 and math.isnan(message.latency_mean), "idle statistics")
    assert len(results.messages) == 6


def truncated(graph: Any) -> ImageMessage:
    image = graph.image(PIXELS)
    image.data = image.data[:100]
    return image


def resized(graph: Any, height: int, width: int) -> ImageMessage:
    image = graph.image(PIXELS)
    image.height, image.width, image.step = height, width, 3 * width
    return image


def before_1970(graph: Any) -> ImageMessage:
    image = graph.image(PIXELS)
    image.header.stamp.sec = -5
    return image


BAD_IMAGES: dict[str, Callable[[Any], ImageMessage]] = {
    "smell8": lambda graph: graph.image(PIXELS, encoding="smell8"),
    "truncated: 100 bytes": truncated,
    "not 64x0": lambda graph: resized(graph, 0, 64),
    "not 0x48": lambda graph: resized(graph, 48, 0),
    "more than the step": lambda graph: graph.image(PIXELS, encoding="bgra8"),
    "negative": before_1970,
}


def test_bad_images_are_rejected_and_cost_nobody_else_anything(graph: Any) -> None:
    graph.run(Probe, streams=["front", "rear"], max_gap=1000.0)
    front, rear = (graph.listen(DetectionArray, f"{name}/sizes", publishers=1) for name in ("front", "rear"))
    front_camera, rear_camera = (graph.publisher(ImageMessage, f"{name}/image_raw") for name in ("front", "rear"))

    for count, (problem, make) in enumerate(BAD_IMAGES.items(), start=1):
        front_camera.publish(make(graph))
        values = graph.diagnosis("front/image_raw", rejected=count)
        assert problem in values["last problem"]
        assert seen(graph.ask(rear_camera, graph.image(PIXELS), rear)) == count
        assert seen(graph.ask(front_camera, graph.image(PIXELS), front)) == count


class Illiterate(Probe):
    """Cannot read what the stream `front` sends."""

    def read(self, data: Any, stream: str) -> Any:
        if stream == "front":
            raise TypeError("these are no letters")
        return data


def test_what_a_node_cannot_read_is_rejected_and_costs_the_other_streams_nothing(graph: Any) -> None:
    graph.run(Illiterate, streams=["front", "rear"], max_gap=1000.0)
    rear = graph.listen(DetectionArray, "rear/sizes", publishers=1)
    cameras = [graph.publisher(ImageMessage, f"{name}/image_raw") for name in ("front", "rear")]
    for count in range(1, 4):
        cameras[0].publish(graph.image(PIXELS))
        assert seen(graph.ask(cameras[1], graph.image(PIXELS), rear)) == count
        assert graph.diagnosis("front/image_raw", rejected=count)["last problem"] == "TypeError: these are no letters"


def test_bad_compressed_images_and_random_bytes_are_rejected(graph: Any) -> None:
    graph.run(Probe, image_transport="compressed", max_gap=1000.0)
    results = graph.listen(DetectionArray, "sizes", publishers=1)
    camera = graph.publisher(CompressedImage, "image_raw/compressed")

    rubbish = CompressedImage(header=graph.header(), format="jpeg", data=b"\xff\xd8 this is no image")
    half = graph.jpeg(PIXELS)
    half.data = half.data[:20]
    noise = np.random.default_rng(1).integers(0, 256, 300, np.uint8).tobytes()
    for count, message in enumerate([rubbish, half, CompressedImage(header=graph.header()), noise, b""], start=1):
        camera.publish(message)
        graph.diagnosis("image_raw/compressed", rejected=count)
        result = graph.ask(camera, graph.jpeg(PIXELS), results)
        assert (result.width, result.height, seen(result)) == (64, 48, count)


def test_an_image_in_which_nothing_can_be_seen_is_answered_and_warned_of(graph: Any) -> None:
    graph.run(Probe, max_gap=1000.0)
    results = graph.listen(DetectionArray, "sizes", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    graph.ask(camera, graph.image(np.full((48, 64), 300, np.uint16), encoding="mono16"), results)
    assert graph.diagnosis("image_raw", "nothing can be seen")["level"] == "1"
    scene = np.random.default_rng(1).integers(0, 4096, (48, 64), np.uint16)
    graph.ask(camera, graph.image(scene, encoding="mono16"), results)
    assert graph.diagnosis("image_raw", "images arrive")["level"] == "0"


def test_a_frame_that_cannot_be_processed_is_rejected_and_the_other_stream_is_served(graph: Any) -> None:
    node = graph.run(Probe, streams=["front", "rear"], max_gap=1000.0)
    node.trouble["broken"] = ArithmeticError("the model cannot take this")
    front, rear = (graph.listen(DetectionArray, f"{name}/sizes", publishers=1) for name in ("front", "rear"))
    front_camera, rear_camera = (graph.publisher(ImageMessage, f"{name}/image_raw") for name in ("front", "rear"))

    front_camera.publish(graph.image(PIXELS, frame_id="broken"))
    assert seen(graph.ask(rear_camera, graph.image(PIXELS), rear)) >= 1
    values = graph.diagnosis("front/image_raw", rejected=1)
    assert values["last problem"] == "ArithmeticError: the model cannot take this"
    assert (values["received"], values["rejected"]) == ("1", "1")
    assert seen(graph.ask(front_camera, graph.image(PIXELS), front)) == 1


def test_answers_that_do_not_fit_the_frames_are_rejected_and_the_worker_goes_on(graph: Any) -> None:
    node = graph.run(Probe, max_gap=1000.0)
    results = graph.listen(DetectionArray, "sizes", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    process = node.process
    for count, answers in enumerate([[], ["no message"]], start=1):
        node.process = lambda frames, answers=answers: answers
        camera.publish(graph.image(PIXELS))
        graph.diagnosis("image_raw", rejected=count)
    node.process = process
    assert seen(graph.ask(camera, graph.image(PIXELS), results)) == 1
    graph.diagnosis("image_raw", received=3, processed=1, rejected=2)


def test_without_stamps_frames_are_served_and_counted(graph: Any) -> None:
    graph.run(Probe, max_gap=1000.0)
    results = graph.listen(DetectionArray, "sizes", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    for count in (1, 2, 3):
        result = graph.ask(camera, graph.image(PIXELS, stamp=0), results)
        assert seen(result) == count
        assert (result.header.stamp.sec, result.header.stamp.nanosec) == (0, 0)
    values = graph.diagnosis("image_raw", unstamped=3)
    assert (values["processed"], values["restarts"], values["latency (ms)"]) == ("3", "0", "nan")


def test_a_gap_and_time_that_goes_back_make_the_stream_forget(graph: Any) -> None:
    graph.run(Probe, max_gap=2.0)
    results = graph.listen(DetectionArray, "sizes", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    stamps = [100.0, 100.1, 100.2, 102.2, 104.3, 104.4, 100.0, 100.1]
    counts = [seen(graph.ask(camera, graph.image(PIXELS, stamp), results)) for stamp in stamps]
    assert counts == [1, 2, 3, 4, 1, 2, 1, 2]
    graph.diagnosis("image_raw", restarts=2)

    assert graph.set_parameter("probe", "max_gap", 0.5) == ""
    assert seen(graph.ask(camera, graph.image(PIXELS, 101.0), results)) == 1


def test_of_a_burst_the_newest_frame_is_served_and_every_frame_is_accounted_for(graph: Any) -> None:
    node = graph.run(Probe, max_gap=1000.0)
    results = graph.listen(DetectionArray, "sizes", publishers=1)
    statistics = graph.listen(NodeStatistics, "probe/statistics", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")

    node.gate.clear()
    camera.publish(graph.image(PIXELS, 1.0))
    assert node.entered.wait(60)
    for index in range(2, 30):
        camera.publish(graph.image(PIXELS, float(index)))
    camera.publish(truncated(graph))
    # Drops are known when a newer frame takes the slot, while the model is still busy.
    while not any(message.dropped for message in statistics.messages):
        camera.publish(graph.image(PIXELS, 30.0))
        statistics.wait(len(statistics.messages) + 1)
    camera.publish(graph.image(PIXELS, 31.0))
    camera.publish(graph.image(PIXELS, 31.0))
    node.gate.set()

    graph.wait(lambda: any(m.header.stamp.sec == 31 for m in results.messages), lambda: "the last frame is not served")
    assert results.messages[0].header.stamp.sec == 1
    assert len(results.messages) <= 4
    before = len(statistics.messages)
    last = statistics.wait(before + 2)[-1]
    assert last.processed == len(results.messages)
    assert last.dropped > 0
    for message in statistics.messages:
        assert message.received == message.processed + message.dropped + message.rejected


def test_several_streams_are_processed_together_and_share_nothing(graph: Any) -> None:
    node = graph.run(Probe, streams=["front", "rear"], max_gap=1000.0)
    results = {name: graph.listen(DetectionArray, f"{name}/sizes", publishers=1) for name in ("front", "rear")}
    statistics = graph.listen(NodeStatistics, "probe/statistics", publishers=2)
    cameras = {name: graph.publisher(ImageMessage, f"{name}/image_raw") for name in ("front", "rear")}
    for index in range(3):
        for name in ("front", "rear", "front"):
            image = graph.image(PIXELS, frame_id=f"{name}_{index}")
            result = graph.ask(cameras[name], image, results[name])
            assert result.header == image.header
            assert {item.label for item in result.detections} == {name}
    assert seen(results["front"].messages[-1]) == 6
    assert seen(results["rear"].messages[-1]) == 3
    for name, count in (("front", 6), ("rear", 3)):
        statistics.find(lambda m, n=name, c=count: (m.stream, m.processed) == (n, c), f"{count} of {name}")

    node.gate.clear()
    node.entered.clear()
    cameras["front"].publish(graph.image(PIXELS))
    assert node.entered.wait(60)
    taken: list[Sequence[StreamFrame]] = []
    process = node.process
    node.process = lambda frames: taken.append(frames) or process(frames)
    for name in ("front", "rear"):
        cameras[name].publish(graph.image(PIXELS, frame_id="waiting"))
        graph.wait(lambda n=name: n in node._latest._slots, lambda n=name: f"{n} does not wait")
    node.gate.set()
    for name in ("front", "rear"):
        results[name].find(lambda message: message.header.frame_id == "waiting", f"waiting frame of {name}")
    assert [[frame.stream for frame in frames] for frames in taken] == [["front", "rear"]]


@pytest.mark.parametrize("fault", ["trouble", "unsayable"])
def test_a_batch_that_fails_changes_each_memory_once(graph: Any, fault: str) -> None:
    node = graph.run(Probe, streams=["front", "middle", "rear"], max_gap=1000.0)
    names = ("front", "middle", "rear")
    results = {name: graph.listen(DetectionArray, f"{name}/sizes", publishers=1) for name in names}
    cameras = {name: graph.publisher(ImageMessage, f"{name}/image_raw") for name in names}
    if fault == "trouble":
        node.trouble["bad"] = ArithmeticError("the model cannot take this")
    else:
        node.unsayable.add("bad")
    node.gate.clear()
    cameras["front"].publish(graph.image(PIXELS))
    assert node.entered.wait(60)
    for name in names:
        cameras[name].publish(graph.image(PIXELS, frame_id="bad" if name == "middle" else "good"))
        graph.wait(lambda n=name: n in node._latest._slots, lambda n=name: f"{n} does not wait")
    node.gate.set()
    assert seen(results["front"].wait(2)[-1]) == 2
    assert seen(results["rear"].wait(1)[-1]) == 1
    graph.diagnosis("middle/image_raw", processed=0, rejected=1)
    for name in ("front", "rear"):
        graph.diagnosis(f"{name}/image_raw", rejected=0)


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "probe worker"]


def test_an_activation_that_fails_leaves_nothing_running(graph: Any) -> None:
    topic = f"{graph.namespace}/image_raw"
    node = graph.run(Probe, autostart=False, **{f"qos_overrides.{topic}.subscription.reliability": "perhaps"})
    assert graph.change_state("probe", "configure")
    before = len(workers())
    for _ in range(3):
        assert not graph.change_state("probe", "activate")
    assert len(workers()) == before
    assert graph.observer.count_subscribers(topic) == 0
    assert graph.diagnosis("probe", "cannot activate")["level"] == "2"
    assert node.stage == "inactive"


def test_a_model_that_hangs_delays_nothing_and_its_late_answer_is_not_heard(
    graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opendr_perception.ros.perception.node.PATIENCE", 0.1)
    node = graph.run(Probe)
    results = graph.listen(DetectionArray, "sizes", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    node.gate.clear()
    camera.publish(graph.image(PIXELS))
    assert node.entered.wait(60)
    (worker,) = workers()
    assert graph.change_state("probe", "deactivate")
    assert graph.diagnosis("probe", "the model has not answered for 0.1 s")["level"] == "2"
    assert not graph.change_state("probe", "activate"), "two must not use the model at once"
    graph.diagnosis("probe", "has not come to its end")
    node.gate.set()
    worker.join(60)
    assert graph.change_state("probe", "activate")
    assert seen(graph.ask(camera, graph.image(PIXELS), results)) == 1
    assert len(results.messages) == 1


def test_annotated_images_are_drawn_only_for_somebody(graph: Any) -> None:
    node = graph.run(Probe, streams=["front"])
    results = graph.listen(DetectionArray, "front/sizes", publishers=1)
    camera = graph.publisher(ImageMessage, "front/image_raw")
    graph.ask(camera, graph.image(PIXELS), results)
    graph.ask(camera, graph.image(PIXELS), results)
    assert node.drawn == 0

    drawings = graph.listen(ImageMessage, "probe/front/image", publishers=1)
    mono = np.zeros((30, 50), np.uint8)
    image = graph.image(mono, encoding="mono8")
    drawing = graph.ask(camera, image, drawings)
    assert drawing.header == image.header
    assert (drawing.height, drawing.width, drawing.encoding, drawing.step) == (30, 50, "bgr8", 150)
    assert set(drawing.data) == {200}

    graph.observer.destroy_subscription(drawings.subscription)
    graph.wait(lambda: not node._streams["front"].watched(), lambda: "the subscriber is still seen")
    drawn = node.drawn
    graph.ask(camera, graph.image(PIXELS), results)
    graph.ask(camera, graph.image(PIXELS), results)
    assert node.drawn == drawn


def test_a_drawing_that_fails_costs_no_result(graph: Any) -> None:
    node = graph.run(Probe)
    node.draw = lambda canvas, result: 1 / 0
    graph.listen(ImageMessage, "probe/image", publishers=1)
    results = graph.listen(DetectionArray, "sizes", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    for count in (1, 2, 3):
        assert seen(graph.ask(camera, graph.image(PIXELS), results)) == count


@pytest.mark.parametrize("reliability", ["reliable", "best_effort"])
def test_by_default_every_publisher_is_heard(graph: Any, reliability: str) -> None:
    graph.run(Probe)
    results = graph.listen(DetectionArray, "sizes", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw", reliability)
    assert graph.ask(camera, graph.image(PIXELS), results).width == 64


def test_a_publisher_that_cannot_be_heard_is_explained(graph: Any) -> None:
    graph.run(Probe, qos_reliability="reliable")
    results = graph.listen(DetectionArray, "sizes", publishers=1)
    deaf = graph.publisher(ImageMessage, "image_raw", "best_effort", subscribers=0)
    values = graph.diagnosis("image_raw", "cannot be heard")
    graph.observer.destroy_publisher(deaf)
    assert values["level"] == "1"
    assert f"{graph.namespace}/image_raw cannot be heard: it is best effort" in values["message"]
    assert "set qos_reliability to best_effort" in values["message"]

    camera = graph.publisher(ImageMessage, "image_raw", "reliable")
    assert graph.ask(camera, graph.image(PIXELS), results).width == 64
    graph.diagnosis("image_raw", "images arrive", received=1)


def test_streams_that_stop_or_never_start_are_named(graph: Any) -> None:
    graph.run(Probe, streams=["front", "rear"])
    results = graph.listen(DetectionArray, "front/sizes", publishers=1)
    camera = graph.publisher(ImageMessage, "front/image_raw")
    graph.ask(camera, graph.image(PIXELS), results)
    graph.diagnosis("front/image_raw", "images arrive", received=1)

    stopped = graph.diagnosis("front/image_raw", "nothing arrived")
    assert stopped["level"] == "1"
    assert f"1 publisher(s) of {graph.namespace}/front/image_raw" in stopped["message"]
    assert "fastdds.xml" in stopped["message"]
    absent = graph.diagnosis("rear/image_raw", "nobody publishes")
    assert f"nobody publishes {graph.namespace}/rear/image_raw; of its type there is" in absent["message"]
    assert f"{graph.namespace}/front/image_raw" in absent["message"]

    graph.ask(camera, graph.image(PIXELS), results)
    graph.diagnosis("front/image_raw", "images arrive", received=2)


def test_drawings_of_nodes_are_no_cameras_to_remap_to(graph: Any) -> None:
    graph.run(Probe, "-r", "image_raw:=camera")
    graph.publisher(ImageMessage, "camera")
    graph.run(Probe, "-r", "__node:=lost")
    drawing = f"{graph.namespace}/probe/image"
    graph.wait(lambda: graph.observer.count_publishers(drawing) == 1, lambda: "the drawing")
    graph.diagnosis("lost", f"of its type there is {graph.namespace}/camera: remap to it")


def test_names_can_be_remapped_and_pushed_into_namespaces(graph: Any) -> None:
    inner = f"{graph.namespace}/inner"
    graph.run(
        Probe, "-r", f"image_raw:={inner}/cam/image_raw", "-r", "sizes:=big/sizes", "-r", "__node:=eye", namespace=inner
    )
    results = graph.listen(DetectionArray, "inner/big/sizes", publishers=1)
    camera = graph.publisher(ImageMessage, "inner/cam/image_raw")
    graph.ask(camera, graph.image(PIXELS), results)
    statistics = graph.listen(NodeStatistics, "inner/eye/statistics", publishers=1)
    assert statistics.wait()[0].node == f"{inner}/eye"
    values = graph.diagnosis("image_raw")
    assert values["name"] == f"{inner}/eye: {inner}/cam/image_raw"


def test_qos_can_be_overridden_as_everywhere_in_ros(graph: Any) -> None:
    override = f"qos_overrides.{graph.namespace}/image_raw.subscription.reliability"
    graph.run(Probe, **{override: "reliable"})
    graph.publisher(ImageMessage, "image_raw", "best_effort", subscribers=0)
    graph.diagnosis("image_raw", "cannot be heard")


def test_impossible_streams_are_refused_in_one_line(graph: Any) -> None:
    cases = [["front", "front"], ["not a name"], ["7up"], ["/front"], ["front/"]]
    for number, streams in enumerate(cases):
        graph.run(Probe, "-r", f"__node:=probe_{number}", streams=streams, autostart=False)
        assert not graph.change_state(f"probe_{number}", "configure")
    for number, streams in enumerate(cases):
        values = graph.diagnosis(f"probe_{number}", "cannot configure: streams must be")
        assert values["level"] == "2"
        assert values["message"].endswith(f"got {streams}")


def test_simulated_time_is_followed(graph: Any) -> None:
    graph.run(Probe, use_sim_time=True)
    results = graph.listen(DetectionArray, "sizes", publishers=1)
    statistics = graph.listen(NodeStatistics, "probe/statistics", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    clock = graph.publisher(Clock, "/clock")
    for second in (50, 60):
        now = Clock()
        now.clock.sec = second
        clock.publish(now)
        statistics.find(lambda message, second=second: message.header.stamp.sec == second, f"statistics of {second} s")
    graph.ask(camera, graph.image(PIXELS, 58.0), results)
    late = statistics.find(lambda message: message.processed == 1 and message.rate > 0, "the image")
    assert late.latency_mean == pytest.approx(2.0)
