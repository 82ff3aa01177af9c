"""People who are looked at automatically, and how often."""

from __future__ import annotations

import math
from typing import Any

from opendr_perception.active.identification import Goal
from opendr_perception.active.policies.baselines import Static
from opendr_perception.ros.control.auto_identify import AutoIdentify


def test_strangers_are_looked_at_once_in_a_while(stage: Any) -> None:
    auto_identify = AutoIdentify(stage.explorer.strangers, stage.episodes, Static, lambda: (Goal(), 20.0), stage.fail)
    auto_identify.look_around(cooldown=60)
    assert not stage.said, "nobody is there"
    with stage.showing():
        stage.wait(lambda: stage.explorer.strangers() == ["7"])
        auto_identify.look_around(cooldown=60)
        stage.wait(lambda: stage.said == ["looking", "deciding", "idle"])
        auto_identify.look_around(cooldown=60)
        stage.wait(lambda: not stage.episodes.running)
        assert len(stage.said) == 3, "the same person is left alone"
        auto_identify.look_around(cooldown=0)
        stage.wait(lambda: len(stage.said) == 6)


def test_who_is_recognised_or_not_tracked_is_left_alone(stage: Any) -> None:
    known, untracked = stage.face("1", 2.0, 0.0), stage.face("", 2.0, 0.3)
    known.identity, known.identity_distance = "ann", math.nan
    stage.face = lambda track, *place: known if track == "1" else untracked
    stage.people = {"1": (2.0, 0.0), "": (2.0, 0.3)}
    auto_identify = AutoIdentify(stage.explorer.strangers, stage.episodes, Static, lambda: (Goal(), 20.0), stage.fail)
    stage.show()
    assert stage.explorer.strangers() == []
    auto_identify.look_around(cooldown=60)
    assert not stage.episodes.running
    assert stage.said == []


def test_an_episode_that_fails_is_told_and_the_next_one_can_begin(stage: Any) -> None:
    def broken() -> Static:
        raise RuntimeError("the policy is broken")

    auto_identify = AutoIdentify(stage.explorer.strangers, stage.episodes, broken, lambda: (Goal(), 20.0), stage.fail)
    stage.show()
    for times in (1, 2):
        auto_identify.look_around(cooldown=0)
        stage.wait(lambda times=times: len(stage.warnings) == times)
    assert stage.warnings[0] == "an identification of 7 failed: the policy is broken"
    assert not stage.episodes.running
