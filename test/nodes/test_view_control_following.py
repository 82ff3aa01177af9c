"""The node `view_control` goes to who is asked for, and follows, in a closed loop over real topics."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from std_srvs.srv import SetBool

ZERO = (0.0, 0.0, 0.0)


def test_who_is_named_is_followed_past_others_and_a_stop_wins(graph: Any, walkers: Any) -> None:
    graph.wait(lambda: walkers.position[0] > 0.3, lambda: f"at {walkers.position}, {walkers.heard[-2:]}")
    assert walkers.heading == pytest.approx(math.atan2(-0.2, 2.8), abs=0.15), "to Ann, not to Bob"
    assert min(velocity[0] for _, velocity in walkers.heard) >= 0.0
    walkers.seen = False
    lost = time.monotonic()
    walkers.stops(lost, within=1.0)
    walkers.seen = True
    walkers.starts()
    answer = graph.call(SetBool, f"{graph.namespace}/view_control/stop", SetBool.Request(data=True))
    assert answer.success
    walkers.stops(time.monotonic())
    heard = len(walkers.heard)
    time.sleep(1.5)  # for longer than it waits between two looks
    assert all(velocity == ZERO for _, velocity in walkers.heard[heard:])


def test_following_ends_when_it_is_not_wanted_any_more_and_knows_its_limits(graph: Any, walkers: Any) -> None:
    node = f"{graph.namespace}/view_control"
    walkers.starts()
    assert "nearer than min_distance" in graph.set_parameter(node, "follow_distance", 0.6)
    ended = time.monotonic()
    assert graph.set_parameter(node, "continuous", False) == ""
    walkers.stops(ended, within=1.0)
