"""Overlays of each message, without any viewer."""

from __future__ import annotations

import math

import pytest
from opendr_perception.msg import (
    Action,
    ActionArray,
    BodyPose,
    BodyPoseArray,
    Box,
    Emotion,
    EmotionArray,
    Keypoint,
    NodeStatistics,
    Person,
    PersonArray,
)
from std_msgs.msg import Header

from opendr_perception.view import Changes, overlay


def header(seconds: int = 7) -> Header:
    made = Header(frame_id="odom")
    made.stamp.sec = seconds
    return made


def test_boxes_and_limbs_of_poses_are_those_of_the_message() -> None:
    points = [Keypoint(x=float(k), y=2.0 * k, score=0.9 if k != 7 else 0.1) for k in range(17)]
    pose = BodyPose(track_id="a-1", box=Box(x_min=1.0, y_min=2.0, x_max=3.0, y_max=4.0), keypoints=points)
    shown = overlay("/front", BodyPoseArray(header=header(), layout="coco17", poses=[pose]))
    assert (shown.stream, shown.name, shown.stamp) == ("/front", "poses", 7 * 10**9)
    assert shown.boxes == [(1, 2, 3, 4)]
    ends = {end for _, line in shown.limbs for end in line}
    assert (5.0, 10.0) in ends
    assert (7.0, 14.0) not in ends, "the elbow is not seen"
    assert {track for track, _ in shown.limbs} == {"a-1"}


def test_an_action_is_told_once_its_network_is_filled() -> None:
    actions = [Action(track_id="a-1", label="wave", warm=True), Action(track_id="a-2", label="walk")]
    assert overlay("", ActionArray(header=header(), actions=actions)).states == {"a-1": "wave"}


def test_emotions_have_a_place_in_the_plane() -> None:
    emotion = Emotion(track_id="f-1", label="happy", valence=0.5, arousal=-0.25)
    shown = overlay("", EmotionArray(header=header(), emotions=[emotion]))
    assert shown.states == {"f-1": "happy"}
    assert shown.moods is not None
    assert [dot.place for dot in shown.moods] == [(0.5, -0.25)]


def test_people_are_in_space_where_that_is_known() -> None:
    people = [Person(person_id=name, name=name.upper(), visible=name != "c") for name in "abc"]
    people[1].position.x = math.nan
    shown = overlay("", PersonArray(header=header(), people=people), robot=(1.0, 2.0, 0.5))
    assert shown.people is not None
    assert [dot.name for dot in shown.people] == ["A"]
    assert len(shown.boxes) == 2, "who is not visible has no box"
    assert shown.robot == (1.0, 2.0, 0.5)


def test_age_and_drops_are_plotted_but_not_an_age_that_nobody_knows() -> None:
    known = NodeStatistics(header=header(), node="/poses", stream="front", dropped=3, latency_mean=0.25)
    assert overlay("", known).plots == {"age/poses/front": 0.25, "drops/poses/front": 3.0}
    known.latency_mean = math.nan
    assert list(overlay("", known).plots) == ["drops/poses/front"]


def test_timelines_are_told_of_changes_only_and_of_who_has_left() -> None:
    changes = Changes()
    assert changes("actions", {"a": "walk", "b": "wave"}) == {"a": "walk", "b": "wave"}
    assert changes("actions", {"a": "walk", "b": "walk"}) == {"b": "walk"}
    assert changes("emotions", {"a": "happy"}) == {"a": "happy"}
    assert changes("actions", {"b": "walk"}) == {"a": ""}


def test_a_stamp_before_all_time_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        overlay("", ActionArray(header=header(-1)))
