"""Results in the messages of other stacks: made only while somebody listens, and never needed.

The mechanism is tried over real topics with types that every ROS has; what is written into the messages of vision_msgs
and Foxglove, with those where they are installed, and everywhere with stand-ins that have these fields and no others.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, fields
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Pose as Place
from geometry_msgs.msg import PoseArray
from opendr_perception.msg import BodyPose, BodyPoseArray, Box, Detection, DetectionArray, Face, FaceArray, Keypoint
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception.nodes.person_detection import PersonDetection
from opendr_perception.process.sinks.annotations import DEFINITIONS
from opendr_perception.ros.node import qos
from opendr_perception.ros.outputs import Extra, drawn_by, lazy, shapes
from opendr_perception.ros.perception.node import PerceptionNode
from opendr_perception.tasks.body import LAYOUTS
from opendr_perception.tasks.drawing import colour_of

BOX = Box(x_min=10.0, y_min=20.0, x_max=30.0, y_max=80.0)
HEADER = Header(stamp=Time(sec=7, nanosec=5), frame_id="eye")
PERSONS = DetectionArray(header=HEADER, detections=[Detection(track_id="k3x-4", label="person", score=0.75, box=BOX)])
FACES = FaceArray(
    header=HEADER,
    faces=[
        Face(track_id="f-1", score=0.5, box=BOX, identity="Ann", landmarks=[Keypoint(x=1.0, y=2.0, score=0.5)]),
        Face(track_id="f-2", score=0.5, box=BOX),
    ],
)


def poses(*unseen: str) -> BodyPoseArray:
    joints = [
        Keypoint(x=float(k), y=1.0, score=0.1 if name in unseen else 0.9) for k, name in enumerate(LAYOUTS["coco17"])
    ]
    return BodyPoseArray(
        header=HEADER, layout="coco17", poses=[BodyPose(track_id="k3x-4", score=0.75, box=BOX, keypoints=joints)]
    )


# --- stand-ins --------------------------------------------------------------------------------------------------------


@dataclass
class Point:
    x: float = 0.0
    y: float = 0.0


@dataclass
class Centre:
    position: Point = field(default_factory=Point)
    theta: float = 0.0


@dataclass
class Bounds:
    center: Centre = field(default_factory=Centre)
    size_x: float = 0.0
    size_y: float = 0.0


@dataclass
class Detection2D:
    header: Any = None
    results: list[Any] = field(default_factory=list)
    bbox: Bounds = field(default_factory=Bounds)
    id: str = ""


@dataclass
class Hypothesis:
    class_id: str = ""
    score: float = 0.0


@dataclass
class WithPose:
    hypothesis: Hypothesis = field(default_factory=Hypothesis)
    pose: Any = None


@dataclass
class Array:
    header: Any = None
    detections: list[Any] = field(default_factory=list)


@dataclass
class Points:
    timestamp: Any = None
    type: int = 0
    points: list[Any] = field(default_factory=list)
    outline_color: Any = None
    outline_colors: list[Any] = field(default_factory=list)
    fill_color: Any = None
    thickness: float = 0.0


@dataclass
class Text:
    timestamp: Any = None
    position: Any = None
    text: str = ""
    font_size: float = 0.0
    text_color: Any = None
    background_color: Any = None


@dataclass
class Colour:
    r: float = 0.0
    g: float = 0.0
    b: float = 0.0
    a: float = 0.0


@dataclass
class Annotations:
    circles: list[Any] = field(default_factory=list)
    points: list[Any] = field(default_factory=list)
    texts: list[Any] = field(default_factory=list)


STAND_INS = {
    "vision_msgs": SimpleNamespace(Detection2DArray=Array, Detection2D=Detection2D, ObjectHypothesisWithPose=WithPose),
    "foxglove_msgs": SimpleNamespace(
        ImageAnnotations=Annotations, PointsAnnotation=Points, TextAnnotation=Text, Point2=Point, Color=Colour
    ),
}


@pytest.mark.parametrize("name", ["ImageAnnotations", "PointsAnnotation", "TextAnnotation", "Point2", "Color"])
def test_stand_ins_have_the_fields_of_foxglove_s_messages(name: str) -> None:
    lines = [line for line in DEFINITIONS[f"foxglove_msgs/msg/{name}"].splitlines() if "=" not in line]
    stand_in = getattr(STAND_INS["foxglove_msgs"], name)
    assert [each.name for each in fields(stand_in)] == [line.split()[1] for line in lines]


@pytest.fixture(params=["stand-ins", "installed"])
def made(request: pytest.FixtureRequest) -> Any:
    """Makes the further messages of a result, by topic."""

    def make(reader: Any, result: Any) -> dict[str, Any]:
        messages = {}
        for extra in drawn_by(reader):
            if extra.once:
                continue
            if request.param == "installed":
                types: Any = pytest.importorskip(f"{extra.package}.msg", reason=f"{extra.package} is not installed")
            else:
                types = STAND_INS[extra.package]
            messages[extra.topic] = extra.make(types, result)
        return messages

    return make


def test_detections_have_boxes_classes_scores_and_ids(made: Any) -> None:
    message = made(shapes.of_persons, PERSONS)["detections_2d"]
    (detection,) = message.detections
    assert message.header == detection.header == HEADER
    assert (detection.id, detection.bbox.center.theta) == ("k3x-4", 0.0)
    assert (detection.bbox.center.position.x, detection.bbox.center.position.y) == (20.0, 50.0)
    assert (detection.bbox.size_x, detection.bbox.size_y) == (20.0, 60.0)
    (result,) = detection.results
    assert (result.hypothesis.class_id, result.hypothesis.score) == ("person", 0.75)
    faces = made(shapes.of_faces, FACES)["detections_2d"].detections
    assert [(face.id, face.results[0].hypothesis.class_id) for face in faces] == [("f-1", "face"), ("f-2", "face")]


def test_annotations_show_boxes_limbs_joints_and_names_in_the_track_s_colour(made: Any) -> None:
    message = made(shapes.of_poses, poses(unseen := "left_ankle"))["annotations"]
    box, limbs, joints = message.points
    assert all(each.timestamp == HEADER.stamp for each in (*message.points, *message.texts))
    assert [(point.x, point.y) for point in box.points] == [(10.0, 20.0), (30.0, 20.0), (30.0, 80.0), (10.0, 80.0)]
    assert [each.type for each in message.points] == [2, 4, 1]
    assert len(joints.points) == 16
    assert len(limbs.points) % 2 == 0
    assert LAYOUTS["coco17"].index(unseen) not in {point.x for point in limbs.points}
    colour = tuple(round(255 * value) for value in (box.outline_color.r, box.outline_color.g, box.outline_color.b))
    assert colour == colour_of("k3x-4")
    assert [label.text for label in message.texts] == ["k3x-4"]
    assert [label.text for label in made(shapes.of_faces, FACES)["annotations"].texts] == ["Ann", "f-2"]


def test_nothing_is_drawn_of_nobody(made: Any) -> None:
    messages = made(shapes.of_poses, BodyPoseArray(header=HEADER, layout="coco17"))
    assert (len(messages["detections_2d"].detections), len(messages["annotations"].points)) == (0, 0)


# --- over topics ------------------------------------------------------------------------------------------------------

MADE: list[DetectionArray] = []


def centres(types: ModuleType, result: DetectionArray) -> Any:
    MADE.append(result)
    return types.PoseArray(header=result.header, poses=[Place() for _ in result.detections])


class Counter(PerceptionNode[Any, Any, None, DetectionArray]):
    """Sees one person in every image."""

    NAME = "counter"
    RESULT = (DetectionArray, "persons")
    OUTPUTS = (
        Extra("centres", "geometry_msgs/PoseArray", centres, "centres of boxes"),
        Extra("nowhere", "nobody_has_msgs/Thing", centres, "nothing"),
    )

    def load(self) -> None:
        """Needs no model."""

    def new_memory(self) -> None:
        return None

    def process(self, frames: Any) -> list[DetectionArray]:
        return [DetectionArray(detections=[Detection()]) for _ in frames]


def test_a_message_is_made_only_while_somebody_subscribes_it(graph: Any) -> None:
    MADE.clear()
    graph.run(Counter, streams=["", "front"])
    pixels = np.zeros((8, 8, 3), np.uint8)
    for prefix in ("", "front/"):
        results = graph.listen(DetectionArray, f"{prefix}persons", publishers=1)
        camera = graph.publisher(ImageMessage, f"{prefix}image_raw")
        graph.ask(camera, graph.image(pixels, 1.0), results)
        assert MADE == []
        listened = graph.listen(PoseArray, f"counter/{prefix}centres", publishers=1)
        image = graph.image(pixels, 2.0)
        message = graph.ask(camera, image, listened)
        assert (message.header, len(message.poses)) == (image.header, 1)
        graph.observer.destroy_subscription(listened.subscription)
        MADE.clear()


def test_whoever_subscribes_what_is_not_installed_is_told_what_to_install(
    graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROS_DISTRO", "kilted")
    node = graph.run(Counter)
    told: list[str] = []
    monkeypatch.setattr(node, "warn", lambda text, about: told.append(text))
    graph.listen(PoseArray, "counter/nowhere")
    graph.wait(lambda: bool(told), lambda: "nothing is said")
    assert told[0] == (
        f"somebody subscribes {graph.namespace}/counter/nowhere, but nobody_has_msgs is not installed: "
        "apt install ros-kilted-nobody-has-msgs, and start the node again"
    )


def test_what_cannot_be_made_costs_no_result(graph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    node = graph.run(Counter)
    results = graph.listen(DetectionArray, "persons", publishers=1)
    centred = graph.listen(PoseArray, "counter/centres", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    told: list[str] = []
    monkeypatch.setattr(node, "warn", lambda text, about: told.append(text))
    monkeypatch.setattr(sys.modules[__name__], "Place", None)
    graph.ask(camera, graph.image(np.zeros((8, 8, 3), np.uint8), 1.0), results)
    graph.wait(lambda: any("cannot make" in text for text in told), lambda: f"{told}")
    monkeypatch.undo()
    graph.ask(camera, graph.image(np.zeros((8, 8, 3), np.uint8), 2.0), centred)
    assert len(results.wait(2)) == 2


def test_what_is_made_of_the_parameters_is_told_to_whoever_comes_later(graph: Any) -> None:
    types = pytest.importorskip("vision_msgs.msg", reason="vision_msgs is not installed")
    graph.run(PersonDetection, threads=1)
    topic = "person_detection/label_info"
    profile = qos.latest()
    told: list[Any] = []
    for threshold in (0.46, 0.7):
        subscription = graph.observer.create_subscription(types.LabelInfo, topic, told.append, profile)
        graph.wait(lambda t=threshold: told and told[-1].threshold == pytest.approx(t), lambda: f"{told}")
        graph.observer.destroy_subscription(subscription)
        assert [(each.class_id, each.class_name) for each in told[-1].class_map] == [(0, "person")]
        assert graph.set_parameter(f"{graph.namespace}/person_detection", "score_threshold", 0.7) == ""


@pytest.mark.parametrize("extra", drawn_by(shapes.of_persons)[:2], ids=lambda extra: extra.package)
def test_a_real_person_reaches_other_stacks(graph: Any, street: list[np.ndarray], models: Any, extra: Extra) -> None:
    types = pytest.importorskip(f"{extra.package}.msg", reason=f"{extra.package} is not installed")
    graph.run(PersonDetection, threads=1)
    listened = graph.listen(getattr(types, extra.type.split("/")[1]), f"person_detection/{extra.topic}", publishers=1)
    persons = graph.listen(DetectionArray, "persons", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    message = graph.ask(camera, graph.image(street[0], 1.0), listened)
    (found,) = persons.wait()
    assert len(found.detections) >= 2
    assert len(getattr(message, "detections", None) or message.points) == len(found.detections)


def test_a_package_is_looked_for_once() -> None:
    assert lazy.messages("nobody_has_msgs") is None
    assert lazy.messages("geometry_msgs") is import_module("geometry_msgs.msg")
