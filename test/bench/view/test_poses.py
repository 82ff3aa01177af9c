"""Poses of half-hidden people: joints are where the simulation has them, and one move is better than none."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.active.policies.expectation import Lacking
from opendr_perception.bench.view.poses import ANGLES, AROUND, PoseView, fit, joints, measure, views
from opendr_perception.sim.people import load_people
from opendr_perception.sim.rendering import SimulatorError, load_mujoco


@pytest.mark.parametrize("person", load_people(), ids=lambda person: person.name)
def test_joints_are_inside_of_the_body_from_above_to_below(person: object) -> None:
    places = joints(person)  # type: ignore[arg-type]
    assert places.shape == (13, 3) and np.isfinite(places).all()
    heights = places[1:].reshape(6, 2, 3)[:, :, 2].mean(1) / person.height  # type: ignore[attr-defined]
    assert heights == pytest.approx([0.81, 0.64, 0.5, 0.52, 0.28, 0.04], abs=0.05)
    left, right = places[1::2, 1], places[2::2, 1]
    assert (left > 0).all() and (right < 0).all()


def test_weights_tell_from_where_more_is_seen_and_the_measure_counts_it() -> None:
    hidden, clear = PoseView(Lacking(0.4, 0.1), 0.5, 0.5), PoseView(Lacking(0.1, 0.1), 0.9, 1.0)
    worse = PoseView(Lacking(0.4, 0.4), 0.2, 0.1)
    episode = [hidden, *[clear] * len(AROUND), *[worse] * len(AROUND)]
    weights = fit([episode] * 20)
    right, left = weights @ [0.4, 0.1, 1.0], weights @ [0.1, 0.4, 1.0]
    assert right == pytest.approx(0.4, abs=0.1) and left == pytest.approx(-0.3, abs=0.1)
    figures = {figure["name"]: figure["value"] for figure in measure([episode] * 4)["figures"]}
    assert figures["joints right, before"] == 50.0
    assert figures["joints right, after the best move"] == 100.0


def test_a_scene_is_seen_from_all_angles() -> None:
    try:
        load_mujoco()
    except SimulatorError as error:
        pytest.skip(str(error))
    first, again = (views(load_people()[:1], [3]) for _ in range(2))
    assert first == again, "chance comes from the seed"
    assert len(first[0]) == len(ANGLES)
    assert max(view.right for view in first[0]) > 0.7, "from somewhere the pose is right"
