"""Faces and poses are assigned to their bodies."""

from __future__ import annotations

from typing import Any

import numpy as np

from opendr_perception.tasks.fusion.joining import join

LEFT, RIGHT = (100, 100, 160, 300), (400, 120, 460, 320)


def test_faces_and_poses_are_joined_with_their_bodies(stage: Any) -> None:
    one, other = stage.Actor("a", LEFT, face="f1"), stage.Actor("b", RIGHT, face="f2", pose="another id")
    found = {seen.body: seen for seen in join(stage.sight(one, other))}
    assert {body: seen.face.track for body, seen in found.items()} == {"a": "f1", "b": "f2"}
    assert np.allclose(found["b"].keypoints, stage.skeleton(RIGHT)), "poses of another tracker are matched by overlap"


def test_without_poses_a_face_is_found_in_the_upper_part_of_a_box(stage: Any) -> None:
    one, other = stage.Actor("a", LEFT, face="f1", posed=False), stage.Actor("b", RIGHT, face="f2", posed=False)
    assert [seen.face.track for seen in join(stage.sight(one, other))] == ["f1", "f2"]


def test_of_two_in_one_place_the_keypoints_of_the_head_decide(stage: Any) -> None:
    behind, before = stage.Actor("behind", (300, 90, 360, 290), face="f"), stage.Actor("before", (315, 110, 375, 310))
    found = {seen.body: seen.face for seen in join(stage.sight(behind, before))}
    assert found["before"] is None
    assert found["behind"].track == "f"


def test_a_face_without_a_body_is_somebody_too(stage: Any) -> None:
    one = stage.Actor("a", LEFT, face="f1")
    both = stage.sight(one, stage.Actor("b", RIGHT, face="f2"))
    found = join(type(both)(**{**vars(both), "bodies": both.bodies[:1], "tracks": ["a"], "poses": None}))
    assert [(seen.body, seen.face.track) for seen in found] == [("a", "f1"), ("", "f2")]


def test_nothing_is_joined_of_nothing(stage: Any) -> None:
    assert join(stage.sight()) == []
