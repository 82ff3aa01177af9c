"""The node `view_control` that looks for poses, actions and expressions, over real topics, in a closed loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import (
    Action,
    ActionArray,
    BodyPose,
    BodyPoseArray,
    Box,
    Detection,
    DetectionArray,
    Emotion,
    EmotionArray,
    Face,
    FaceArray,
    Keypoint,
)
from sensor_msgs.msg import CameraInfo, Image
from simulated_robot import FACE_SIZE, FOCAL, HEIGHT, WIDTH, SimulatedRobot, calibration

from opendr_perception.ros.looking import WISHES

LANDMARKS = ((-0.2, -0.1), (0.2, -0.1), (0.0, 0.1), (0.0, 0.25), (-0.45, 0.0), (0.45, 0.0))
BODY = (0.4, 1.5)
"""Metres, as a body is believed to be at least."""
CLEAR = 0.25
"""rad around the person, from which on all is seen."""


class Beholder(SimulatedRobot):
    """Two and a half metres before somebody of whom little is told from there, and all from a side."""

    def __init__(self, graph: Any, what: str) -> None:
        self.what, self.person = what, np.array([2.5, 0.0])
        self.silent: tuple[str, ...] = ()
        self.change: Callable[[BodyPoseArray], None] = lambda message: None
        kinds = {"image_raw": Image, "camera_info": CameraInfo, "persons": DetectionArray, "faces": FaceArray}
        told = {"poses": BodyPoseArray, "actions": ActionArray, "emotions": EmotionArray}
        super().__init__(graph, kinds | {topic: told[topic] for topic in WISHES[what].topics if topic in told})
        self.start()

    @property
    def pan(self) -> float:
        """Of the robot around the person, rad."""
        away = self.position - self.person
        return math.pi - math.atan2(away[1], away[0]) % (2 * math.pi)

    @property
    def clear(self) -> bool:
        return abs(self.pan) > CLEAR

    def publish(self) -> None:
        header, size = self.graph.header(), {"width": WIDTH, "height": HEIGHT}
        box = self._box(*BODY)
        image = self.graph.image(np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
        image.header = header
        seen = Detection(track_id="b1", label="person", score=0.9, box=box)
        poses = BodyPoseArray(header=header, layout="coco17", poses=[self._pose(box)], **size)
        self.change(poses)
        action = Action(track_id="b1", label="wave", score=0.0, probabilities=self._sure())
        emotion = Emotion(track_id="7", label="happy", probabilities=self._sure())
        for topic, message in (
            ("camera_info", calibration(header=header)),
            ("image_raw", image),
            ("persons", DetectionArray(header=header, detections=[seen], **size)),
            ("faces", FaceArray(header=header, faces=[self._face()] if self.what == "expressions" else [], **size)),
            ("poses", poses),
            ("actions", ActionArray(header=header, labels=["wave", "kick"], actions=[action])),
            ("emotions", EmotionArray(header=header, labels=["happy", "sad"], emotions=[emotion])),
        ):
            if topic in self.publishers and topic not in self.silent:
                self.publishers[topic].publish(message)

    def _sure(self) -> list[float]:
        return [0.95, 0.05] if self.clear else [0.5, 0.5]

    def _box(self, across: float, high: float) -> Box:
        distance, bearing = self.away(self.person)
        depth = distance * math.cos(bearing)
        u, width, height = WIDTH / 2 - FOCAL * math.tan(bearing), FOCAL * across / depth, FOCAL * high / depth
        return Box(x_min=u - width / 2, x_max=u + width / 2, y_min=240 - height / 2, y_max=240 + height / 2)

    def _pose(self, box: Box) -> BodyPose:
        """Seven joints on each side, three in the middle."""
        score = 0.99 if self.clear else 0.02
        middle, half = (box.x_min + box.x_max) / 2, (box.x_max - box.x_min) / 2
        sides = [(0.0, 0.99)] * 3 + [(-1.0, score)] * 7 + [(1.0, 0.99)] * 7
        y = np.linspace(box.y_min, box.y_max, 17)
        points = [Keypoint(x=middle + x * half, y=float(v), score=s) for (x, s), v in zip(sides, y, strict=True)]
        return BodyPose(track_id="b1", score=0.9, box=box, keypoints=points)

    def _face(self) -> Face:
        box = self._box(FACE_SIZE, FACE_SIZE)
        u, size = (box.x_min + box.x_max) / 2, box.x_max - box.x_min
        landmarks = [Keypoint(x=u + x * size, y=240 + y * size, score=1.0) for x, y in LANDMARKS]
        yaw = 0.0 if self.clear else 1.0
        return Face(track_id="7", score=0.9, box=box, landmarks=landmarks, yaw=yaw)


@pytest.fixture
def looking(graph: Any, control: Callable[..., Any]) -> Iterator[Callable[..., Beholder]]:
    """Starts the node, which looks for something, and its robot."""
    made: list[Beholder] = []

    def make(what: str, **parameters: Any) -> Beholder:
        control(look_for=what, poses_of="", command_timeout=0.5, **parameters)
        made.append(Beholder(graph, what))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize(("what", "label"), [("poses", ""), ("expressions", "happy: ")])
def test_it_goes_around_to_where_that_is_told_surely_and_stands(
    client: Any, looking: Any, what: str, label: str
) -> None:
    robot = looking(what)
    answer = client.result(client.send()).result
    assert answer.success and answer.moves == 1, answer.message
    assert answer.message == f"{label}it is told surely"
    assert answer.confidence > 0.8 and answer.identity == ""
    assert robot.clear and abs(robot.pan) < 1.2
    assert abs(robot.away(robot.person)[0] - 2.5) < 0.3, "it goes around"
    robot.stops()


@pytest.mark.slow
def test_an_action_that_is_not_known_is_looked_at_from_the_side(client: Any, looking: Any) -> None:
    robot = looking("actions", continuous=True)  # nobody asks for it
    robot.starts()
    robot.graph.wait(lambda: robot.clear, lambda: f"{robot.pan}")
    robot.stops()


@pytest.mark.parametrize("silent", ["poses", "persons"])
def test_what_is_silent_moves_no_robot(client: Any, looking: Any, silent: str) -> None:
    robot = looking("poses")
    robot.silent = (silent,)
    answer = client.result(client.send()).result
    assert not answer.success and not robot.moved
    assert answer.message == {"poses": "nothing comes on poses", "persons": "nothing is told of the person"}[silent]


def test_keypoints_that_are_no_numbers_move_no_robot(client: Any, looking: Any) -> None:
    robot = looking("poses")

    def spoil(message: BodyPoseArray) -> None:
        message.poses[0].keypoints[3].x = math.nan

    robot.change = spoil
    answer = client.result(client.send()).result
    assert not answer.success and not robot.moved, answer.message


def test_a_head_looks_for_names_alone(control: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert control(motion="pan_tilt", look_for="poses").stage == "unconfigured"
    assert "look_for: a robot that does not drive looks for names alone" in capfd.readouterr().err


def test_another_wish_ends_what_is_under_way(graph: Any, client: Any, looking: Any) -> None:
    robot = looking("poses")
    handle = client.send()
    robot.starts()
    assert graph.set_parameter("view_control", "look_for", "names") == ""
    _, message = client.ends(handle)
    assert message == "look_for has changed"
    robot.stops()
