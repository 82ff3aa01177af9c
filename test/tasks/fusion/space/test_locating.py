"""Positions of drawn people whose place is known."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from opendr_perception.tasks.fusion import Mount, PositionSource, Settings
from opendr_perception.tasks.fusion.joining import join
from opendr_perception.tasks.fusion.space import locate
from opendr_perception.tasks.fusion.space.beliefs import Belief, agreed

EYE = 1.2
TALL = 1.68


def box(distance: float, tall: float = TALL) -> tuple[float, float, float, float]:
    """Of somebody who stands in front of the camera of the fixtures."""
    top, bottom = 240 - 500 * (tall - EYE) / distance, 240 + 500 * EYE / distance
    width = 0.3 * (bottom - top)
    return 320 - width / 2, top, 320 + width / 2, bottom


@pytest.mark.parametrize("distance", [2.6, 4.0, 8.0])
@pytest.mark.parametrize("upright", [True, False])
def test_people_of_usual_height_are_where_they_are(
    stage: Any, lens: Any, level: Mount, distance: float, upright: bool
) -> None:
    mount = level if upright else Mount()
    [seen] = join(sight := stage.sight(stage.Actor(box=box(distance)), lens=lens, mount=mount))
    fix = locate(sight, seen, Settings())
    assert fix is not None
    assert fix.point[2] == pytest.approx(distance, rel=0.06)
    assert fix.source == (PositionSource.GROUND if upright and distance < 8 else fix.source)
    assert 0.01 * distance < math.sqrt(fix.bias[2, 2]) < 0.12 * distance


def test_a_child_is_believed_by_the_floor(stage: Any, lens: Any, level: Mount) -> None:
    child = stage.Actor(box=box(4.0, tall=1.0))
    [seen] = join(sight := stage.sight(child, lens=lens, mount=level))
    fix = locate(sight, seen, Settings())
    assert fix is not None
    assert fix.source == PositionSource.GROUND
    assert fix.point[2] == pytest.approx(4.0, rel=0.05)


@pytest.mark.parametrize(("shape", "kind"), [((480, 640), np.float32), ((240, 320), np.float32)])
def test_depth_counts_most_in_any_size(stage: Any, lens: Any, shape: tuple[int, int], kind: Any) -> None:
    depth = np.full(shape, np.nan, kind)
    rows, columns = shape
    depth[: rows * 3 // 4, columns * 2 // 5 : columns * 3 // 5] = 3.0
    [seen] = join(sight := stage.sight(stage.Actor(box=box(3.3)), lens=lens, mount=Mount(), depth=depth))
    fix = locate(sight, seen, Settings())
    assert fix is not None
    assert fix.source == PositionSource.DEPTH
    assert fix.point[2] == pytest.approx(3.11, abs=0.05)
    assert locate(replace(sight, depth=depth * np.nan), seen, Settings()).source == PositionSource.SIZE  # type: ignore[union-attr]


def test_depth_far_behind_somebody_is_of_the_wall(stage: Any, lens: Any) -> None:
    depth = np.full((480, 640), 12.0, np.float32)
    [seen] = join(sight := stage.sight(stage.Actor(box=box(3.0)), lens=lens, mount=Mount(), depth=depth))
    fix = locate(sight, seen, Settings())
    assert fix is not None
    assert fix.source == PositionSource.SIZE


def test_without_a_calibration_or_a_mount_nobody_is_anywhere(stage: Any, lens: Any) -> None:
    sight = stage.sight(stage.Actor(box=box(3.0)))
    [seen] = join(sight)
    assert locate(sight, seen, Settings()) is None
    assert locate(replace(sight, lens=lens), seen, Settings()) is None


def test_hidden_feet_and_small_people_are_told_apart() -> None:
    size, far, near = (Belief(v, 0.05, 0.07 * v, s) for v, s in ((4.0, 1), (9.0, 2), (2.0, 2)))  # type: ignore[arg-type]
    size, far, near = (replace(one, source=PositionSource(one.source)) for one in (size, far, near))
    assert agreed([size, far]).source == PositionSource.SIZE  # type: ignore[union-attr]
    assert agreed([size, near]).source == PositionSource.GROUND  # type: ignore[union-attr]
    assert agreed([]) is None


def test_who_is_tall_makes_size_and_floor_wrong_to_opposite_sides() -> None:
    size = Belief(4.0, 0.0, 0.26, PositionSource.SIZE, tall=-0.26)
    floor = Belief(4.0, 0.0, 0.10, PositionSource.GROUND, tall=0.02)
    both, two_sizes = agreed([size, floor]), agreed([size, size])
    independent = agreed([size, replace(floor, tall=0.0)])
    assert both is not None and two_sizes is not None and independent is not None
    assert both.total < 0.95 * independent.total
    assert two_sizes.total == pytest.approx(size.total), "the same person is as tall for all sizes"
