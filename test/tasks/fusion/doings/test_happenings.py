"""Events that begin and end."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.tasks.action import Action
from opendr_perception.tasks.fusion.doings import Doings, end_all, observe
from opendr_perception.tasks.fusion.doings.happenings import RULES, EventCourse
from opendr_perception.tasks.fusion.joining import SeenPerson
from opendr_perception.tasks.fusion.sight import Event
from opendr_perception.tasks.fusion.space import Approach

LABELS = ("stand", "fall", "wave")
BOX = np.array([300.0, 100, 360, 300])


def seen(points: np.ndarray | None, fall: float = 0.0) -> SeenPerson:
    return SeenPerson("1", BOX, 1.0, 0, points, action=Action("1", np.array([1 - fall, fall, 0.0]), 100, True))


def watch(frames: list[tuple[SeenPerson, Approach]], near: float = 1.2) -> list[Event]:
    doings, events = Doings(), []
    for frame, (one, way) in enumerate(frames):
        doings, begun = observe(doings, "p", one, LABELS, way, near, frame / 10)
        events += begun
    return events


def test_who_comes_near_and_goes_is_told_once(stage: Any) -> None:
    points = stage.skeleton(BOX)
    way = [Approach(4 - 0.1 * k, -1.0) for k in range(30)] + [Approach(1.0 + 0.1 * k, 1.0) for k in range(30)]
    events = watch([(seen(points), one) for one in way] + [(seen(points), Approach(4, 0.0))] * 20)
    assert [event.kind for event in events if event.begins] == ["approaching", "near", "leaving"]
    assert sorted(event.kind for event in events if not event.begins) == ["approaching", "leaving", "near"]
    assert all(event.reason for event in events)


def test_a_fall_that_only_the_action_tells_is_told_unless_the_body_stands(stage: Any) -> None:
    upright = np.asarray(stage.skeleton(BOX))
    folded = upright.copy()
    folded[:, :2] = [320, 250] + (folded[:, :2] - [320, 250]) * [0.4, 0.35]
    assert not watch([(seen(upright, fall=0.9), Approach())] * 20)
    [event] = watch([(seen(upright), Approach())] * 10 + [(seen(folded, fall=0.9), Approach())] * 20)
    assert (event.kind, event.begins) == ("fall", True)
    assert event.score == pytest.approx(0.81)
    assert "action" in event.reason


def test_a_body_that_two_cameras_see_in_different_sizes_does_not_lie(stage: Any) -> None:
    near, far = np.asarray(stage.skeleton((100, 0, 400, 480))), np.asarray(stage.skeleton((300, 200, 400, 300)))
    doings, events = Doings(), []
    for frame in range(40):
        for camera, points in (("front", near), ("side", far)):
            doings, begun = observe(doings, "p", seen(points), LABELS, Approach(), 1.2, frame / 10, camera)
            events += begun
    assert not events


def test_what_is_not_known_changes_nothing_and_the_end_is_told(stage: Any) -> None:
    points = stage.skeleton(BOX)
    doings = Doings()
    for frame in range(10):
        doings, _ = observe(doings, "p", seen(points), LABELS, Approach(1.0, 0.0), 1.2, frame / 10)
    for frame in range(10, 60):
        doings, events = observe(doings, "p", seen(None), LABELS, Approach(math.nan, math.nan), 1.2, frame / 10)
        assert not events
    [end] = end_all(doings, "p", "lost")
    assert (end.kind, end.begins, end.reason) == ("near", False, "lost")


@given(st.sampled_from(sorted(RULES)), st.lists(st.floats(0, 1), max_size=60))
def test_an_event_begins_and_ends_in_turn(kind: str, scores: list[float]) -> None:
    course, changes = EventCourse(), []
    for frame, score in enumerate(scores):
        course, changed = course.go_on(RULES[kind], score, frame / 10)
        changes += [course.lasts] if changed else []
    assert changes == [number % 2 == 0 for number in range(len(changes))]
    assert RULES[kind].off < RULES[kind].on
