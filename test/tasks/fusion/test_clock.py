"""One time for cameras whose clocks differ."""

from __future__ import annotations

import pytest

from opendr_perception.tasks.fusion.clock import CommonTime


def test_a_clock_that_is_behind_is_set_and_that_is_said() -> None:
    clock = CommonTime()
    assert clock.of("front", 1000.0) == (1000.0, "")
    time, doubt = clock.of("rear", 10.0)
    assert time == 1000.0
    assert "stamps of rear are 990 s behind" in doubt
    assert clock.of("rear", 10.5) == (1000.5, "")
    assert clock.of("front", 1001.0) == (1001.0, "")


def test_a_recording_that_begins_anew_goes_on() -> None:
    clock = CommonTime()
    assert clock.of("", 100.0)[0] == 100.0
    assert clock.of("", 160.0)[0] == 160.0, "a pause has passed"
    assert clock.of("", 100.0) == (160.0, "")
    assert clock.of("", 101.0)[0] == pytest.approx(161.0)
