"""Episodes in a hand-made table, and what they are worth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from opendr_perception.active.control.motion import Move
from opendr_perception.active.control.status import IN_THE_WAY
from opendr_perception.active.identification import Goal
from opendr_perception.active.perception.observation import FaceObservation, RangeOnly, Recognition
from opendr_perception.tasks.face.gallery import THRESHOLD
from opendr_perception.training.view.data import PAN_STEP, PANS
from opendr_perception.training.view.simulate import (
    TableExplorer,
    TableWorld,
    ViewNoise,
    draw_episode,
    name_of,
    paper_reward,
)

FRONT = PANS // 2


def seen(explorer: TableExplorer) -> FaceObservation:
    view = explorer.look()
    assert isinstance(view, FaceObservation)
    return view


def test_the_front_is_where_the_person_is_recognised(views: TableWorld) -> None:
    explorer = TableExplorer(views, 0, (0, FRONT - 4), (0, 1, 2), np.random.default_rng(0))
    profile = seen(explorer)
    assert not profile.recognition.accepted
    assert explorer.move(Move(pan=4 * PAN_STEP)) == ""
    front = seen(explorer)
    assert (front.recognition.identity, front.pan) == (name_of(0), pytest.approx(4 * PAN_STEP))
    assert front.recognition.confidence == pytest.approx(0.9)
    assert explorer.travelled == pytest.approx(4 * PAN_STEP * 4)


def test_distances_follow_the_grid_and_end_before_the_person(views: TableWorld) -> None:
    explorer = TableExplorer(views, 0, (0, FRONT), (0,), np.random.default_rng(0))
    assert explorer.move(Move(advance=1.0)) == ""
    assert explorer.place == (1, FRONT)
    assert "too near" in explorer.move(Move(advance=2.5))
    assert explorer.move(Move(advance=0.01)) == "", "the least move is one step of the grid"
    assert explorer.place == (2, FRONT)
    assert "too near" in explorer.move(Move(advance=0.5))


def test_things_are_in_the_way_and_views_end(views: TableWorld) -> None:
    explorer = TableExplorer(views, 1, (0, FRONT), (0, 1), np.random.default_rng(0))
    assert explorer.move(Move(advance=1.0)) == IN_THE_WAY
    assert explorer.place == (0, FRONT)
    assert explorer.move(Move(pan=5 * PAN_STEP)) == ""
    assert explorer.look() == RangeOnly(4.0, 5 * PAN_STEP), "there no face is found"
    assert "behind" in explorer.move(Move(pan=5 * PAN_STEP))


def test_who_is_not_enrolled_has_no_name(views: TableWorld) -> None:
    explorer = TableExplorer(views, 0, (0, FRONT), (1, 2), np.random.default_rng(0))
    assert explorer.name == ""
    assert seen(explorer).recognition.identity in (name_of(1), name_of(2))


def test_everything_is_all_that_is_near_enough_and_leaves_the_robot_where_it_is(views: TableWorld) -> None:
    explorer = TableExplorer(views, 1, (1, FRONT + 2), (0, 1), np.random.default_rng(0))
    pans = [view.pan for view in explorer.everything(Goal(max_pan=3 * PAN_STEP))]
    assert len(pans) == 2 * 6, "two distances; on the right the face is lost one step earlier than may be gone"
    assert (min(pans), max(pans)) == pytest.approx((-3 * PAN_STEP, 2 * PAN_STEP))
    assert explorer.place == (1, FRONT + 2)


def test_episodes_are_the_same_for_the_same_seed(views: TableWorld) -> None:
    first, second = (draw_episode(views, np.random.default_rng(5), ViewNoise()) for _ in range(2))
    assert first.place == second.place
    one, other = seen(first), seen(second)
    assert one.recognition == other.recognition
    assert np.array_equal(one.landmarks, other.landmarks)
    assert not np.array_equal(one.landmarks, seen(first).landmarks), "noise is drawn for each look"


def test_a_covered_face_begins_covered(views: TableWorld) -> None:
    random = np.random.default_rng(1)
    for _ in range(60):
        explorer = draw_episode(views, random)
        if explorer.table.covered:
            assert explorer.place == (0, FRONT)


def test_the_published_reward_is_the_confidence_in_the_right_name() -> None:
    assert paper_reward(Recognition("ann", 0.6), "ann") == 0.6
    assert paper_reward(Recognition("bob", 0.6), "ann") == 0
    assert paper_reward(Recognition("ann", -0.1), "ann") == 0
    assert paper_reward(Recognition("ann", 1 - 0.2 / THRESHOLD), "ann") == pytest.approx(1 - 0.2 / THRESHOLD)
    assert paper_reward(Recognition("", math.nan), "ann") == 0
