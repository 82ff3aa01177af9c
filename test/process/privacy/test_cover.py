"""Covered regions over time: also before, after, and while the detector sees nothing."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.process.privacy.cover import MARGIN, Cover

RATE = 10
NOBODY = np.empty((0, 4), np.float32)


def cover(found: dict[int, tuple[float, ...]], frames: int, track: str = "a") -> Cover:
    covered = Cover()
    for frame in range(frames):
        boxes = np.array([found[frame]], np.float32) if frame in found else NOBODY
        covered.add_frame(frame / RATE, boxes, [track] * len(boxes))
    return covered


def test_a_gap_is_covered_along_the_way_and_before_and_after_for_half_a_second() -> None:
    regions = cover({10: (0, 0, 10, 10), 20: (100, 0, 110, 10)}, 40).regions()
    assert [frame for frame, boxes in enumerate(regions) if boxes] == list(range(5, 26))
    [((x_min, y_min, x_max, y_max), wholly)] = regions[15]
    assert (x_min, y_min, x_max, y_max) == pytest.approx((50 - 10 * MARGIN, -3, 60 + 10 * MARGIN, 13))
    assert not wholly


def test_a_long_absence_is_not_covered_but_around_its_ends() -> None:
    regions = cover({10: (0, 0, 10, 10), 50: (100, 0, 110, 10)}, 60).regions()
    covered = [frame for frame, boxes in enumerate(regions) if boxes]
    assert covered == [*range(5, 16), *range(45, 56)]
    assert regions[15][0][0][0] < 0
    assert regions[45][0][0][0] > 90


def test_what_has_no_track_is_covered_by_itself() -> None:
    regions = cover({10: (0, 0, 10, 10)}, 20, track="").regions()
    assert [frame for frame, boxes in enumerate(regions) if boxes] == list(range(5, 16))


def test_what_is_found_again_is_covered_wholly() -> None:
    covered = cover({}, 20)
    covered.add_again(3, np.array([[0, 0, 10, 10]], np.float32))
    regions = covered.regions()
    assert [frame for frame, boxes in enumerate(regions) if boxes] == list(range(9))
    assert all(wholly for boxes in regions for _, wholly in boxes)
