"""Engagement by looking, with the levels of REP 155."""

from __future__ import annotations

import math

from opendr_perception.tasks.people.engagement import Engagement, Level


def levels(*looks: tuple[bool, bool], distance: float = 1.5, step: float = 0.5) -> list[Level]:
    state, found = Engagement(), []
    for number, (facing, looking) in enumerate(looks):
        state = state.after(number * step, facing, looking, distance)
        found.append(state.level)
    return found


def test_who_goes_on_looking_is_engaged_and_a_glance_is_not_enough() -> None:
    assert levels(*[(True, True)] * 4) == [Level.ENGAGING, Level.ENGAGING, Level.ENGAGED, Level.ENGAGED]
    assert levels((True, True), (True, False)) == [Level.ENGAGING, Level.DISENGAGED]


def test_who_looks_away_disengages_and_may_come_back() -> None:
    engaged, away = [(True, True)] * 3, (True, False)
    assert levels(*engaged, away, away, away)[3:] == [Level.DISENGAGING, Level.DISENGAGING, Level.DISENGAGED]
    assert levels(*engaged, away, (True, True))[3:] == [Level.DISENGAGING, Level.ENGAGED]
    assert levels(*engaged, (False, False))[-1] is Level.DISENGAGING, "who turns away has no face"


def test_without_a_face_nothing_is_known_and_far_away_nobody_is_engaged() -> None:
    assert levels((False, False), (False, True)) == [Level.UNKNOWN] * 2
    assert levels(*[(True, True)] * 4, distance=5.0)[-1] is Level.DISENGAGED
    assert levels(*[(True, True)] * 3, distance=math.nan)[-1] is Level.ENGAGED
