"""The node `person_detection`, on real images over real topics."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from opendr_perception.msg import DetectionArray
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception import zoo
from opendr_perception.nodes.person_detection import Parameters, PersonDetection
from opendr_perception.ros.node import parameters

YEARS_AGO = 1.5e9
EMPTY = np.full((480, 640, 3), 90, np.uint8)


def boxes(message: DetectionArray) -> list[tuple[float, float, float, float]]:
    return [(d.box.x_min, d.box.y_min, d.box.x_max, d.box.y_max) for d in message.detections]


def tracks(message: DetectionArray) -> list[str]:
    return [detection.track_id for detection in message.detections]


def canonical(messages: list[DetectionArray]) -> list[list[int]]:
    """Track ids by the order of their appearance; -1 is none."""
    order: dict[str, int] = {"": -1}
    return [[order.setdefault(name, len(order)) for name in tracks(message)] for message in messages]


def test_pedestrians_keep_their_ids_and_an_empty_scene_is_an_empty_array(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(PersonDetection, threads=1)
    persons = graph.listen(DetectionArray, "persons", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    for index, pixels in enumerate(street):
        image = graph.image(pixels, YEARS_AGO + index / 10, "street_camera")
        message = graph.ask(camera, image, persons)
        assert (message.header, message.width, message.height) == (image.header, 768, 576)
        assert len(message.detections) >= 2
        assert {detection.label for detection in message.detections} == {"person"}
        for detection, (x_min, y_min, x_max, y_max) in zip(message.detections, boxes(message), strict=True):
            assert 0.46 <= detection.score <= 1
            assert 0 <= x_min < x_max <= 768
            assert 0 <= y_min < y_max <= 576

    seen = [set(tracks(message)) - {""} for message in persons.messages]
    assert seen[0] == set(), "nobody has an id before the second frame"
    assert len(seen[1] & seen[-1]) >= 2, f"people are followed through a second: {seen}"
    for name in seen[1] & seen[-1]:
        places = [boxes(m)[tracks(m).index(name)] for m in persons.messages if name in tracks(m)]
        steps = np.abs(np.diff(np.array(places), axis=0)).max()
        assert steps < 60, "a person does not jump"

    nobody = graph.ask(camera, graph.image(EMPTY, YEARS_AGO + 2, "street_camera"), persons)
    assert (nobody.detections, nobody.width, nobody.height) == ([], 640, 480)
    assert len(persons.messages) == len(street) + 1


def test_two_streams_on_one_node_equal_two_nodes(
    graph: Any, street: list[np.ndarray], talking_head: list[np.ndarray]
) -> None:
    graph.run(PersonDetection, threads=1, streams=["front", "rear"])
    for name in ("front", "rear"):
        graph.run(
            PersonDetection, "-r", f"__node:=alone_{name}", namespace=f"{graph.namespace}/alone/{name}", threads=1
        )
    videos = {"front": street, "rear": talking_head}
    together = {name: graph.listen(DetectionArray, f"{name}/persons", publishers=1) for name in videos}
    apart = {name: graph.listen(DetectionArray, f"alone/{name}/persons", publishers=1) for name in videos}
    cameras = {name: graph.publisher(ImageMessage, f"{name}/image_raw") for name in videos}
    others = {name: graph.publisher(ImageMessage, f"alone/{name}/image_raw") for name in videos}
    for index in range(8):
        for name, video in videos.items():
            image = graph.image(video[index], 100 + index / 10, name)
            cameras[name].publish(image)
            graph.ask(others[name], image, apart[name])
        for name in videos:
            together[name].wait(index + 1)

    for name in videos:
        assert [message.header for message in together[name].messages] == [m.header for m in apart[name].messages]
        for one, other in zip(together[name].messages, apart[name].messages, strict=True):
            np.testing.assert_allclose(boxes(one), boxes(other), atol=1e-2)
        assert canonical(together[name].messages) == canonical(apart[name].messages)
    ids = {name: {i for message in together[name].messages for i in tracks(message)} - {""} for name in videos}
    assert ids["front"]
    assert ids["rear"]
    assert not ids["front"] & ids["rear"], "no two people of one node have the same id"


def test_compressed_images_are_taken(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(PersonDetection, threads=1, image_transport="compressed")
    persons = graph.listen(DetectionArray, "persons", publishers=1)
    camera = graph.publisher(CompressedImage, "image_raw/compressed")
    image = graph.jpeg(street[0], 5.0)
    message = graph.ask(camera, image, persons)
    assert (message.header, message.width, message.height) == (image.header, 768, 576)
    assert len(message.detections) >= 2


def test_parameters_take_effect_while_frames_flow(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(PersonDetection, threads=1)
    persons = graph.listen(DetectionArray, "persons", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")

    def ask(index: int) -> DetectionArray:
        return graph.ask(camera, graph.image(street[index], 10 + index / 10), persons)

    assert ask(0).detections
    assert set(tracks(ask(1))) != {""}
    assert graph.set_parameter("person_detection", "score_threshold", 1.0) == ""
    assert ask(2).detections == []
    assert graph.set_parameter("person_detection", "score_threshold", 0.3) == ""
    assert graph.set_parameter("person_detection", "tracking", False) == ""
    assert set(tracks(ask(3))) == {""}
    assert "clean up first" in graph.set_parameter("person_detection", "model", "other")
    assert graph.set_parameter("person_detection", "score_threshold", 1.5) != ""
    assert ask(4).detections


def test_annotated_images_show_the_people(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(PersonDetection, threads=1)
    drawings = graph.listen(ImageMessage, "person_detection/image", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    image = graph.image(street[0])
    drawing = graph.ask(camera, image, drawings)
    assert (drawing.header, drawing.height, drawing.width) == (image.header, 576, 768)
    drawn = np.frombuffer(drawing.data, np.uint8).reshape(576, 768, 3)
    changed = (drawn != street[0]).any(axis=2).mean()
    assert 0 < changed < 0.2


def test_results_come_only_while_it_is_active(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(PersonDetection, threads=1, autostart=False)
    assert graph.state("person_detection") == "unconfigured"
    assert graph.change_state("person_detection", "configure")
    persons = graph.listen(DetectionArray, "persons", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw", subscribers=0)
    camera.publish(graph.image(street[0], 1.0))

    for round_ in (1, 2):
        assert graph.change_state("person_detection", "activate")
        graph.wait(lambda: camera.get_subscription_count() == 1, lambda: "the node does not subscribe")
        message = graph.ask(camera, graph.image(street[0], 10.0 * round_), persons)
        assert message.header.stamp.sec == 10 * round_
        assert graph.change_state("person_detection", "deactivate")
        graph.wait(lambda: camera.get_subscription_count() == 0, lambda: "the node still subscribes")
        camera.publish(graph.image(street[0], 10.0 * round_ + 5))
    assert graph.change_state("person_detection", "cleanup")
    graph.wait(lambda: persons.subscription.get_publisher_count() == 0, lambda: "the publisher is still there")
    assert graph.change_state("person_detection", "configure")
    assert graph.change_state("person_detection", "activate")
    graph.wait(lambda: camera.get_subscription_count() == 1, lambda: "the node does not subscribe")
    graph.wait(lambda: persons.subscription.get_publisher_count() == 1, lambda: "the node does not publish")
    graph.ask(camera, graph.image(street[0], 30.0), persons)
    assert [message.header.stamp.sec for message in persons.messages] == [10, 20, 30]


def test_it_can_be_configured_once_the_missing_model_is_there(
    graph: Any, models: dict[str, zoo.ModelFile], models_elsewhere: Path
) -> None:
    graph.run(PersonDetection, threads=1)
    assert graph.state("person_detection") == "unconfigured"
    values = graph.diagnosis("person_detection", "cannot configure")
    missing = models_elsewhere / "models" / "nanodet.onnx"
    assert str(missing) in values["message"]
    assert "run: opendr-perception models fetch nanodet" in values["message"]
    assert values["level"] == "2"

    missing.parent.mkdir(parents=True)
    shutil.copy(models["nanodet"].path, missing.parent)
    content = missing.read_bytes()
    missing.write_bytes(content[:-100])
    assert not graph.change_state("person_detection", "configure")
    assert f"{missing} is corrupt" in graph.diagnosis("person_detection", "is corrupt")["message"]

    missing.write_bytes(content)
    assert graph.change_state("person_detection", "configure")
    assert graph.change_state("person_detection", "activate")
    assert graph.diagnosis("person_detection", "active")["level"] == "0"


def write_model(path: Path, kind: int, shape: tuple[Any, ...]) -> Path:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["image"], ["scores"]), helper.make_node("Identity", ["image"], ["distances"])],
        "other",
        [helper.make_tensor_value_info("image", kind, shape)],
        [helper.make_tensor_value_info(name, kind, shape) for name in ("scores", "distances")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def test_a_model_of_ones_own_that_does_not_fit_is_refused_at_once(graph: Any, tmp_path: Path) -> None:
    own = {
        "planar": (
            write_model(tmp_path / "planar.onnx", TensorProto.UINT8, (1, 3, 416, 416)),
            "image uint8 (1, 3, 416",
        ),
        "floats": (write_model(tmp_path / "floats.onnx", TensorProto.FLOAT, ("N", "H", "W", 3)), "image float32 (any"),
        "text": (tmp_path / "text.onnx", "not a model that onnxruntime can load"),
        "absent": (tmp_path / "absent.onnx", "does not exist"),
    }
    own["text"][0].write_text("no model")
    for name, (path, _) in own.items():
        graph.run(PersonDetection, "-r", f"__node:={name}", model=str(path))
    for name, (path, problem) in own.items():
        message = graph.diagnosis(name, "cannot configure")["message"]
        assert str(path) in message
        assert problem in message
        assert "\n" not in message


def test_a_model_of_ones_own_that_fits_is_used(
    graph: Any, models: dict[str, zoo.ModelFile], tmp_path: Path, street: list[np.ndarray]
) -> None:
    own = tmp_path / "own.onnx"
    shutil.copy(models["nanodet"].path, own)
    graph.run(PersonDetection, threads=1, model=str(own))
    persons = graph.listen(DetectionArray, "persons", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    assert graph.ask(camera, graph.image(street[0]), persons).detections


def test_suppression_changes_while_frames_flow(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(PersonDetection, threads=1, tracking=False)
    persons = graph.listen(DetectionArray, "persons", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    found = {}
    for method in ("greedy", "soft", "cluster", "seq2seq_geom", "greedy"):
        assert graph.set_parameter("person_detection", "nms", method) == ""
        scores = [d.score for d in graph.ask(camera, graph.image(street[0]), persons).detections]
        assert len(scores) >= 2
        assert scores == found.setdefault(method, scores), "back to the first method is back to its answer"
    assert len({tuple(scores) for scores in found.values()}) > 1


def test_quality_changes_while_frames_flow(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(PersonDetection, threads=1, tracking=False)
    persons = graph.listen(DetectionArray, "persons", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    found = {}
    for quality in ("standard", "high", "standard"):
        assert graph.set_parameter("person_detection", "quality", quality) == ""
        answer = boxes(graph.ask(camera, graph.image(street[0]), persons))
        assert len(answer) >= 2 and answer == found.setdefault(quality, answer)
    assert found["high"] != found["standard"]
    assert graph.set_parameter("person_detection", "quality", "best") != ""


def test_suppression_that_looks_at_the_detectors_map_works_out_of_the_box(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(PersonDetection, threads=1, tracking=False, model="nanodet-features", nms="fseq2")
    persons = graph.listen(DetectionArray, "persons", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    assert len(graph.ask(camera, graph.image(street[0]), persons).detections) >= 2


def test_suppression_that_cannot_work_is_refused_and_the_node_goes_on(
    graph: Any, tmp_path: Path, street: list[np.ndarray]
) -> None:
    graph.run(PersonDetection, threads=1)
    graph.run(PersonDetection, "-r", "__node:=wrong", threads=1, nms="seq2seq")
    assert "set nms_model to an ONNX file" in graph.diagnosis("wrong", "cannot configure")["message"]

    for method, problem in (
        ("seq2seq", "needs weights of yours: set nms_model"),
        ("fseq2", "start the node with the detector nanodet-features"),
    ):
        assert problem in graph.set_parameter("person_detection", "nms", method)
    missing = str(tmp_path / "missing.onnx")
    assert graph.set_parameter("person_detection", "nms_model", missing) == "", "greedy does not look at it"
    assert f"{missing} does not exist" in graph.set_parameter("person_detection", "nms", "seq2seq_geom")
    own = str(zoo.require("nms-geom").path)
    assert graph.set_parameter("person_detection", "nms_model", own) == ""
    reason = graph.set_parameter("person_detection", "nms", "seq2seq")
    assert "is a network for nms 'seq2seq_geom': change nms or nms_model" in reason
    assert "\n" not in reason

    persons = graph.listen(DetectionArray, "persons", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw", subscribers=1)
    assert graph.ask(camera, graph.image(street[0]), persons).detections


@pytest.mark.parametrize("device", ["cuda", "tensorrt"])
def test_a_device_that_is_not_there_is_told(graph: Any, device: str) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this machine has the device")
    graph.run(PersonDetection, device=device)
    assert "set device to cpu" in graph.diagnosis("person_detection", f"device '{device}' needs")["message"]


def test_its_configuration_file_gives_exactly_the_defaults(graph: Any, tmp_path: Path) -> None:
    file = tmp_path / "person_detection.yaml"
    file.write_text(parameters.as_yaml("person_detection", Parameters, "People."))
    node = graph.run(PersonDetection, "--params-file", str(file), "-p", "autostart:=false")
    assert node.params == Parameters(autostart=False)
