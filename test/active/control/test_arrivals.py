"""Selection of the images that count."""

from __future__ import annotations

import pytest

from opendr_perception.active.control.arrivals import Arrivals


def test_the_age_of_an_image_is_known_where_the_clocks_agree() -> None:
    arrivals = Arrivals(lateness=0.25, max_age=1.0)
    assert arrivals.judge(10.0, 0.8).latency == pytest.approx(0.8)
    assert arrivals.judge(10.1, 0.9).latency == pytest.approx(0.9)


def test_old_images_do_not_count_and_that_is_said() -> None:
    verdict = Arrivals(0.25, 1.0).judge(10.0, 2.0)
    assert verdict.latency is None
    assert verdict.problem == "images are 2.0 s old when they come, older than max_age, 1 s"


def test_a_stamp_from_the_future_is_no_age() -> None:
    arrivals = Arrivals(0.25, 1.0)
    assert arrivals.judge(10.0, -0.1).latency == 0.0
    assert "synchronise" in arrivals.judge(11.0, -5.0).problem


def test_of_a_foreign_clock_only_the_delay_is_known() -> None:
    arrivals = Arrivals(0.25, 1.0)
    assert arrivals.judge(10.0, 5000.0).latency == 0.0
    assert arrivals.judge(10.1, 5000.2).latency == pytest.approx(0.2)
    late = arrivals.judge(10.2, 5000.4)
    assert late.latency is None
    assert "later than those before" in late.problem


def test_an_image_is_news_once_and_time_may_begin_again() -> None:
    arrivals = Arrivals(0.25, 1.0)
    assert arrivals.judge(10.0, 0.0).latency == 0.0
    for stamp in (10.0, 9.5):
        assert arrivals.judge(stamp, 0.0) == type(arrivals.judge(stamp, 0.0))(None)
    assert arrivals.judge(2.0, 0.1).restarted
