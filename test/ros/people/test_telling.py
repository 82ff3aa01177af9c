"""A frame for each person who is seen and located."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from std_msgs.msg import Header

from opendr_perception.ros.people.telling import Telling, _transforms
from opendr_perception.tasks.fusion import (
    HeadPose,
    NameSource,
    Person,
    PersonLocation,
    PositionSource,
    SceneReport,
)

SEEN = Person("k3x_1", "", 0.0, NameSource.NONE, "b", "", "", np.zeros(4), 1.0, True, PersonLocation.unknown())


PLACE = PersonLocation(np.array([1.0, 2.0, 0.9]), np.eye(3), np.zeros(3), PositionSource.DEPTH)


def test_who_is_located_has_a_frame_also_a_moment_after_being_seen() -> None:
    located = replace(SEEN, place=PLACE)
    people = [located, SEEN, replace(located, id="k3x_2", visible=False)]
    one, gone = _transforms(Header(frame_id="map"), SceneReport(people))
    assert (one.header.frame_id, one.child_frame_id) == ("map", "person_k3x_1")
    assert gone.child_frame_id == "person_k3x_2"
    assert (one.transform.translation.x, one.transform.rotation.w) == (1.0, 1.0)
    assert list(_transforms(Header(), SceneReport(people))) == [], "a frame needs a parent"


def test_the_frame_of_somebody_whose_head_is_seen_is_that_of_the_face() -> None:
    back = np.array([[-1.0, 0, 0], [0, -1, 0], [0, 0, 1]])  # turned about the vertical, to the camera
    person = replace(SEEN, place=PLACE, head=HeadPose(np.array([1.0, 2.0, 1.6]), back))
    [frame] = _transforms(Header(frame_id="map"), SceneReport([person]))
    assert (frame.transform.translation.z, frame.transform.rotation.w) == (1.6, pytest.approx(0, abs=1e-9))
    assert abs(frame.transform.rotation.z) == pytest.approx(1)


def test_without_tf2_msgs_it_says_so_and_tells_the_rest(
    graph: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tf2_msgs.msg", None)
    telling = Telling(graph.observer, with_tf=True)
    assert "tf of people is not published: the package tf2_msgs is missing" in capfd.readouterr().err
    telling.tell(Header(frame_id="map"), SceneReport([replace(SEEN, place=PLACE)]))
    telling.close()
