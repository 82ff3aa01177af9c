"""No scan is taken for a free way that does not say so."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from opendr_perception.active.control.limiter import Limits, VelocityLimiter
from opendr_perception.active.surroundings.geometry import STILL, Velocity
from opendr_perception.active.surroundings.scan import Blind, StampWatch, scan_points, too_old

AROUND = (-math.pi, math.pi / 36, 0.1, 10.0)
"""Of 72 beams."""


def scan(*ranges: float) -> np.ndarray:
    return scan_points(np.array(ranges), -math.pi / 2, math.pi / 2, 0.1, 5.0)


def test_points_lie_where_the_scanner_saw_them() -> None:
    assert scan(1.0, 2.0, 3.0) == pytest.approx(np.array([[0, -1], [2, 0], [0, 3]]), abs=1e-6)


def test_a_beam_that_met_nothing_is_free() -> None:
    assert scan(math.inf, math.inf, math.inf).shape == (0, 2)


@pytest.mark.parametrize("near", [-math.inf, 0.05, 0.0, -1.0])
def test_what_is_too_near_to_be_measured_is_an_obstacle_at_the_least_range(near: float) -> None:
    assert scan(math.inf, near, math.inf) == pytest.approx(np.array([[0.1, 0.0]]))


def test_an_obstacle_in_the_very_middle_of_the_scanner_still_has_a_direction() -> None:
    ranges = np.full(72, math.inf)
    ranges[36] = -math.inf
    points = scan_points(ranges, -math.pi, math.pi / 36, 0.0, 10.0)
    assert VelocityLimiter(Limits()).limit(Velocity(x=0.2), [], points, 0.05) == STILL


def test_few_invalid_beams_do_not_matter() -> None:
    ranges = np.full(72, 3.0)
    ranges[:60:3] = math.nan
    assert scan_points(ranges, *AROUND).shape == (52, 2)
    with pytest.raises(Blind, match="28% of its beams"):
        scan_points(ranges, *AROUND, max_invalid=0.2)


@pytest.mark.parametrize(("beams", "hides"), [(range(34, 38), False), (range(34, 39), True)])
def test_a_wide_run_of_invalid_beams_hides_something(beams: range, hides: bool) -> None:
    ranges = np.full(72, math.inf)
    ranges[beams.start : beams.stop] = math.nan
    points = scan_points(ranges, *AROUND)
    assert len(points) == (5 if hides else 0)
    assert np.hypot(*points.T) == pytest.approx(0.1)
    assert (VelocityLimiter(Limits()).limit(Velocity(x=0.2), [], points, 0.05) == STILL) == hides


def test_what_is_hidden_where_the_circle_closes_is_hidden_too() -> None:
    ranges = np.full(72, math.inf)
    ranges[[70, 71, 0, 1, 2]] = math.nan
    assert len(scan_points(ranges, *AROUND)) == 5
    assert len(scan_points(ranges[:-20], *AROUND)) == 0, "its ends do not meet"


@pytest.mark.parametrize("invalid", [math.nan, 10.5, 65.533])
def test_a_scanner_that_measures_nothing_is_blind(invalid: float) -> None:
    with pytest.raises(Blind, match="100% of its beams are NaN or beyond range_max, more than 30%"):
        scan_points(np.full(72, invalid), *AROUND)


@pytest.mark.parametrize(
    ("ranges", "geometry", "problem"),
    [
        ([], AROUND, "no beams"),
        ([0.0] * 72, AROUND, "all of its ranges are 0"),
        ([1.0] * 72, (-math.pi, 0.1, 0.1, 0.1), "from 0.1 to 0.1 m"),
        ([1.0] * 72, (-math.pi, 0.1, 0.1, 0.0), "from 0.1 to 0 m"),
        ([1.0] * 72, (-math.pi, 0.1, math.nan, 5.0), "from nan to 5 m"),
        ([1.0] * 72, (-math.pi, 0.1, 0.1, math.nan), "from 0.1 to nan m"),
        ([1.0] * 72, (-math.pi, 0.1, -0.1, 5.0), "from -0.1 to 5 m"),
        ([1.0] * 72, (math.nan, 0.1, 0.1, 5.0), "angles begin at nan"),
        ([1.0] * 72, (0.0, math.inf, 0.1, 5.0), "grow by inf"),
        ([1.0] * 72, (0.0, 0.0, 0.1, 5.0), "grow by 0"),
    ],
)
def test_a_scan_that_makes_no_sense_is_blind(
    ranges: list[float], geometry: tuple[float, float, float, float], problem: str
) -> None:
    with pytest.raises(Blind, match=problem):
        scan_points(np.array(ranges), *geometry)


ANY = st.floats(width=32)


@given(arrays.arrays(np.float32, st.integers(0, 40), elements=ANY), ANY, ANY, ANY, ANY)
def test_whatever_comes_is_blind_or_gives_finite_points_no_nearer_than_the_least_range(
    ranges: np.ndarray, angle_min: float, increment: float, range_min: float, range_max: float
) -> None:
    try:
        points = scan_points(ranges, angle_min, increment, range_min, range_max)
    except Blind as blind:
        assert str(blind)
        return
    assert np.isfinite(points).all()
    met = int(((ranges <= range_max) & (ranges != np.inf)).sum())
    assert len(points) >= met, "no beam that met something is forgotten"
    assert (np.hypot(*points.T) >= range_min * (1 - 1e-6)).all()


@given(st.floats(-math.pi, math.pi), st.sampled_from([-math.inf, -1.0, 0.0, 0.01, 0.05, 0.3, 0.5]), st.data())
def test_no_robot_drives_towards_what_a_beam_met_beside_it(heading: float, near: float, data: st.DataObject) -> None:
    ranges = np.array(data.draw(st.lists(st.sampled_from([math.inf, 5.0]), min_size=72, max_size=72)))
    beam = int(np.argmax(np.cos(AROUND[0] + AROUND[1] * np.arange(72) - heading)))
    ranges[beam] = near
    limiter = VelocityLimiter(Limits(max_acceleration=100.0, max_angular_acceleration=100.0))
    points = scan_points(ranges, *AROUND)
    assert limiter.limit(Velocity(0.2 * math.cos(heading), 0.2 * math.sin(heading)), [], points, 0.05) == STILL


def test_a_stamp_that_stands_still_or_goes_back_a_little_is_no_news() -> None:
    watch = StampWatch()
    assert [watch.news(stamp) for stamp in (5.0, 5.0, 4.9, 5.1, 1.0, 1.0, 1.1)] == [
        True,
        False,
        False,
        True,
        True,
        False,
        True,
    ]


def test_only_ages_by_the_same_clock_count() -> None:
    assert [too_old(age) for age in (-2.0, 0.0, 0.4, 0.6, 100.0, 4000.0)] == [False, False, False, True, True, False]
