"""Robots among people who walk: a scene is one, an episode counts what happens, and the speed is one."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.view.lively import RADIUS, lively, lively_scene
from opendr_perception.sim.rendering import SimulatorError, load_mujoco
from opendr_perception.sim.scene import Pose, distance


def test_people_stand_apart_and_the_robot_looks_at_the_first() -> None:
    for seed in range(20):
        scene = lively_scene(list("abcdef"), np.random.default_rng(seed))
        places = [one.pose for one in scene.people]
        assert all(distance(place, Pose()) == pytest.approx(RADIUS) for place in places)
        assert 2.0 <= distance(scene.robot, places[0]) <= 3.0
        assert min(distance(scene.robot, place) for place in places) > 1.0


def test_an_episode_among_two_people_has_no_contact() -> None:
    try:
        load_mujoco()
    except SimulatorError as error:
        pytest.skip(str(error))
    figures = {figure.metric.split(" among")[0]: figure for figure in lively(Extent.SMOKE)}
    assert figures["episodes with contacts"].ours == figures["commands beyond the limits"].ours == 0
    assert figures["way"].ours > 0.1
    assert figures["smallest gap while the robot moves"].ours > 0
