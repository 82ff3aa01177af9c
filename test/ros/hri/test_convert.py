"""Messages of hri_msgs, with those where they are installed, and with stand-ins that have these fields everywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from opendr_perception.msg import BodyPose, BodyPoseArray, Box, Emotion, Face, FaceArray, Keypoint
from std_msgs.msg import Header

from opendr_perception.ros.hri import convert
from opendr_perception.tasks.body import LAYOUTS

HEADER = Header(frame_id="eye")
SKELETON = {
    "nose": 0, "right_shoulder": 2, "right_elbow": 3, "right_wrist": 4, "left_shoulder": 5, "left_elbow": 6,
    "left_wrist": 7, "right_hip": 8, "right_knee": 9, "right_ankle": 10, "left_hip": 11, "left_knee": 12,
    "left_ankle": 13, "left_eye": 14, "right_eye": 15, "left_ear": 16, "right_ear": 17,
}  # fmt: skip
"""Numbers of keypoints, from the constants of hri_msgs/Skeleton2D."""


@dataclass
class Roi:
    header: Any = None
    xmin: float = 0.0
    ymin: float = 0.0
    xmax: float = 0.0
    ymax: float = 0.0
    c: float = 0.0


@dataclass
class Point:
    x: float = 0.0
    y: float = 0.0
    c: float = 0.0


@dataclass
class Skeleton:
    header: Any = None
    skeleton: list[Any] = field(default_factory=list)


@dataclass
class Expression:
    header: Any = None
    expression: str = ""
    valence: float = 0.0
    arousal: float = 0.0
    confidence: float = 0.0


@dataclass
class Landmarks:
    RIGHT_EAR, LEFT_EAR, NOSE, RIGHT_PUPIL, LEFT_PUPIL = 0, 16, 30, 68, 69
    header: Any = None
    landmarks: list[Any] = field(default_factory=list)
    height: int = 0
    width: int = 0


STAND_INS = SimpleNamespace(
    NormalizedRegionOfInterest2D=Roi,
    NormalizedPointOfInterest2D=Point,
    Skeleton2D=Skeleton,
    Expression=Expression,
    FacialLandmarks=Landmarks,
)


@pytest.fixture(params=["stand-ins", "installed"])
def types(request: pytest.FixtureRequest) -> Any:
    if request.param == "installed":
        return pytest.importorskip("hri_msgs.msg", reason="hri_msgs is not installed")
    return STAND_INS


def test_ids_can_be_parts_of_names_of_topics() -> None:
    assert convert.topic_id("k3x-17", "") == "k3x_17"
    assert convert.topic_id("17", "front/left") == "front_left_17"
    assert convert.topic_id("17", "") == "i17"
    assert convert.topic_id("ä b", "") == "i__b"


def test_regions_are_shares_of_the_image_and_end_at_its_border(types: Any) -> None:
    box = Box(x_min=-10.0, y_min=120.0, x_max=320.0, y_max=500.0)
    found = convert.roi(types, HEADER, box, (640, 480), 0.75)
    assert (found.header, found.xmin, found.ymin, found.xmax, found.ymax) == (HEADER, 0.0, 0.25, 0.5, 1.0)
    assert found.c == 0.75
    broken = Box(x_min=math.nan, y_min=0.0, x_max=1.0, y_max=1.0)
    assert 0.0 <= convert.roi(types, HEADER, broken, (640, 480), math.nan).c <= 1.0


def test_every_keypoint_is_where_ros4hri_has_it_and_left_is_not_right(types: Any) -> None:
    names = LAYOUTS["coco17"]
    points = [Keypoint(x=10.0 * k + 1, y=5.0, score=0.9) for k in range(17)]
    points[names.index("left_wrist")].x = 700.0
    message = BodyPoseArray(width=640, height=480, layout="coco17", poses=[BodyPose(keypoints=points)])
    (found,) = convert.skeletons(types, HEADER, message)
    assert len(found.skeleton) == 18
    for name, number in SKELETON.items():
        joint = found.skeleton[number]
        if name == "left_wrist":
            assert (joint.x, joint.y, joint.c) == (0.0, 0.0, 0.0), "outside of the image"
        else:
            assert joint.x == pytest.approx((10.0 * names.index(name) + 1) / 640), name
            assert joint.c == pytest.approx(0.9)
    with pytest.raises(ValueError, match="unknown layout"):
        convert.skeletons(types, HEADER, BodyPoseArray(width=640, height=480, layout="ntu25"))


def test_numbers_are_those_of_the_package() -> None:
    kind = pytest.importorskip("hri_msgs.msg", reason="hri_msgs is not installed").Skeleton2D
    assert {name: getattr(kind, name.upper()) for name in SKELETON} == SKELETON


def constants(kind: type) -> set[str]:
    """Texts that are constants of a message's class, which rosidl keeps in its metaclass."""
    names = [name for name in (*vars(kind), *vars(type(kind))) if name.isupper()]
    return {value for value in (getattr(kind, name) for name in names) if isinstance(value, str)}


def test_expressions_have_the_words_of_ros4hri_and_contempt_gives_way(types: Any) -> None:
    labels = ["neutral", "contemptuous", "fearful"]
    emotion = Emotion(probabilities=[0.1, 0.6, 0.3], valence=-0.5, arousal=math.nan)
    found = convert.expression(types, HEADER, emotion, labels)
    assert (found.expression, found.valence, found.arousal) == ("scared", -0.5, 0.0)
    assert found.confidence == pytest.approx(0.3)
    assert convert.expression(types, HEADER, emotion, ["a", "b", "c"]) is None
    assert set(convert.EXPRESSIONS.values()) <= constants(types.Expression) or types is STAND_INS


def test_landmarks_that_are_known_have_their_places_of_seventy(types: Any) -> None:
    points = [Keypoint(x=10.0 * k, y=5.0 * k, score=0.5 + 0.05 * k) for k in range(5)] + [Keypoint(x=99.0, score=1.0)]
    message = FaceArray(header=HEADER, width=80, height=40, faces=[Face(landmarks=points)])
    found = convert.landmarks(types, message, message.faces[0])
    known = {place: round(point.x * 80) for place, point in enumerate(found.landmarks) if point.c > 0}
    kind = types.FacialLandmarks
    assert known == {kind.RIGHT_PUPIL: 0, kind.LEFT_PUPIL: 10, kind.NOSE: 20, kind.RIGHT_EAR: 40}, "none is outside"
    assert (len(found.landmarks), found.width, found.height) == (70, 80, 40)
    nobody = convert.landmarks(types, message, Face())
    assert not any(point.c for point in nobody.landmarks)
