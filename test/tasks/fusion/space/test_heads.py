"""Pose of the head of somebody who is seen and located."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from opendr_perception.tasks.fusion import HeadPose, Mount, Sight
from opendr_perception.tasks.fusion.joining import join
from opendr_perception.tasks.fusion.space import head_of
from opendr_perception.tasks.imaging import PinholeCamera


@pytest.fixture
def seen(stage: SimpleNamespace, lens: PinholeCamera, level: Mount) -> Sight:
    """Somebody who looks here, left of the middle, before a camera 1.2 m above the floor."""
    actor = stage.Actor(box=(200, 180, 260, 400), face="f1")
    return replace(stage.sight(actor), lens=lens, mount=level, frame="map")


def head(sight: Sight, distance: float = 4.0) -> HeadPose | None:
    [one] = join(sight)
    return head_of(sight, one, distance)


def test_a_head_is_between_the_eyes_as_far_away_as_the_person(seen: Sight) -> None:
    found = head(seen)
    assert found is not None
    row = 180 + (0.12 - 0.08) * 220  # of the eyes
    assert np.hypot(*found.origin[:2]) == pytest.approx(4.0)
    assert found.origin[1] > 0, "y is to the left"
    assert found.origin[2] == pytest.approx(1.2 + found.origin[0] * (240 - row) / 500, abs=0.01)


def test_a_face_that_looks_at_the_camera_points_back_along_x_with_z_up(seen: Sight) -> None:
    found = head(seen)
    assert found is not None
    np.testing.assert_allclose(found.axes, [[-1, 0, 0], [0, -1, 0], [0, 0, 1]], atol=1e-6)


def test_without_a_face_the_keypoints_of_the_head_tell_where_it_is(seen: Sight) -> None:
    with_face, without = head(seen), head(replace(seen, faces=None))
    assert with_face is not None and without is not None
    np.testing.assert_allclose(without.origin, with_face.origin, atol=0.05)
    np.testing.assert_array_equal(without.axes, np.eye(3))


def test_a_head_that_is_not_seen_or_not_located_is_nowhere(seen: Sight) -> None:
    assert head(replace(seen, faces=None, poses=None)) is None
    assert head(replace(seen, lens=None)) is None
    assert head(seen, float("nan")) is None
