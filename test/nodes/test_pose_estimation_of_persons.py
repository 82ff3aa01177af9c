"""The node `pose_estimation` with people:=topic: each person is found once, and has one id."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import BodyPoseArray, Box, Detection, DetectionArray
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.nodes.person_detection import PersonDetection
from opendr_perception.nodes.pose_estimation import PoseEstimation

NAN = float("nan")


def person(track: str, corners: tuple[float, ...] = (100, 100, 200, 300), score: float = 0.9, **more: str) -> Detection:
    x_min, y_min, x_max, y_max = map(float, corners)
    box = Box(x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)
    return Detection(track_id=track, score=score, box=box, **{"label": "person", **more})


class Street:
    """A camera, somebody who finds persons, and the poses that come back."""

    def __init__(self, graph: Any, pixels: np.ndarray) -> None:
        self.graph, self.pixels = graph, pixels
        graph.run(PoseEstimation, threads=1, people="topic")
        self.poses = graph.listen(BodyPoseArray, "poses", publishers=1)
        self.camera = graph.publisher(ImageMessage, "image_raw")
        self.persons = graph.publisher(DetectionArray, "persons")

    def find(self, stamp: float, *people: Detection) -> DetectionArray:
        height, width = self.pixels.shape[:2]
        return DetectionArray(header=self.graph.header(stamp), width=width, height=height, detections=list(people))

    def show(self, stamp: float, *people: Detection) -> BodyPoseArray:
        self.camera.publish(self.graph.image(self.pixels, stamp))
        return self.graph.ask(self.persons, self.find(stamp, *people), self.poses)


def test_poses_have_the_ids_of_persons(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(PersonDetection, threads=1)
    graph.run(PoseEstimation, threads=1, people="topic")
    persons = graph.listen(DetectionArray, "persons", publishers=1)
    poses = graph.listen(BodyPoseArray, "poses", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw", subscribers=2)
    for index, pixels in enumerate(street):
        image = graph.image(pixels, 20 + index / 10, "street_camera")
        posed = graph.ask(camera, image, poses)
        found = persons.wait(index + 1)[-1]
        assert posed.header == found.header == image.header
        assert len(found.detections) >= 2
        assert [(p.track_id, p.box, p.score) for p in posed.poses] == [
            (p.track_id, p.box, p.score) for p in found.detections
        ]
    assert len({pose.track_id for pose in posed.poses} - {""}) >= 2


def test_images_without_persons_are_counted_and_hold_nothing_up(graph: Any, street: list[np.ndarray]) -> None:
    cast = Street(graph, street[0][::8, ::8].copy())
    box = (12, 12, 25, 37)
    cast.show(10.0, person("ann-1", box))
    for index in range(3):
        cast.camera.publish(graph.image(cast.pixels, 11 + index / 10))
    (pose,) = cast.show(12.0, person("ann-1", box)).poses
    assert pose.track_id == "ann-1"
    graph.diagnosis("persons", **{"images alone": 3, "dropped": 0, "processed": 2})


def test_whoever_waits_for_persons_in_vain_is_told_what_to_start(graph: Any) -> None:
    graph.run(PoseEstimation, threads=1, people="topic")
    told = graph.diagnosis("persons", "nobody publishes")["message"]
    assert "/persons: start person_detection, or set people to own; " in told


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda m: setattr(m.detections[0].box, "x_max", NAN), "a corner that is no number"),
        (lambda m: setattr(m.detections[0].box, "y_min", float("inf")), "a corner that is no number"),
        (lambda m: setattr(m.detections[0].box, "x_max", 90.0), "corners are interchanged"),
        (lambda m: setattr(m.detections[0], "score", 1.5), "score is not in [0, 1]"),
        (lambda m: setattr(m.detections[0], "score", NAN), "score is not in [0, 1]"),
        (lambda m: setattr(m.detections[0], "track_id", "2"), "2 people have the id '2'"),
        (lambda m: setattr(m, "width", 640), "of 640x576, but the image of its stamp has 768x576"),
    ],
)
def test_persons_that_cannot_be_are_rejected_and_the_next_ones_are_served(
    graph: Any, street: list[np.ndarray], spoil: Callable[[DetectionArray], None], reason: str
) -> None:
    cast = Street(graph, street[0])
    message = cast.find(1.0, person("1"), person("2", (300, 100, 380, 300)))
    spoil(message)
    cast.camera.publish(graph.image(street[0], 1.0))
    cast.persons.publish(message)
    assert reason in graph.diagnosis("persons", rejected=1)["last problem"]
    assert [pose.track_id for pose in cast.show(2.0, person("1"), person("")).poses] == ["1", ""]


def test_what_is_no_person_or_outside_of_the_image_is_left_out(graph: Any, street: list[np.ndarray]) -> None:
    cast = Street(graph, street[0])
    answer = cast.show(
        1.0,
        person("dog", label="dog"),
        person("gone", (800, 100, 900, 300)),
        person("thin", (100, 100, 100, 300)),
        person("half", (-50, 100, 60, 1e30)),
        person("anonymous", label=""),
    )
    assert [pose.track_id for pose in answer.poses] == ["half", "anonymous"]
    assert answer.poses[0].box == Box(x_min=0.0, y_min=100.0, x_max=60.0, y_max=576.0)
    assert cast.show(2.0).poses == []
    assert graph.set_parameter("pose_estimation", "max_persons", 1) == ""
    (largest,) = cast.show(3.0, person("small", (10, 10, 40, 70)), person("large")).poses
    assert largest.track_id == "large"


def test_a_model_that_finds_people_by_itself_takes_no_persons(graph: Any, openpose: tuple[Any, Path]) -> None:
    graph.run(PoseEstimation, model=str(openpose[1]), people="topic")
    assert "finds all people by itself" in graph.diagnosis("pose_estimation", "cannot configure")["message"]


def test_who_finds_the_people_is_fixed_while_it_is_configured(graph: Any) -> None:
    graph.run(PoseEstimation, threads=1)
    assert "people cannot be changed" in graph.set_parameter("pose_estimation", "people", "topic")
