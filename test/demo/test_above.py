"""The view from above shows where the robot is, and what is known of whom."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from opendr_perception.demo.above import HEIGHT, LOOKED_AT, RIGHT, ROBOT, WIDTH, WRONG, TopView
from opendr_perception.demo.visit import Answer, Visit
from opendr_perception.sim.people import load_people
from opendr_perception.sim.rendering import SimulatorError
from opendr_perception.sim.scene import Pose, draw_scene
from opendr_perception.sim.world import World

NAMES = tuple(person.name for person in load_people()[:2])


@pytest.fixture(scope="module")
def above() -> Iterator[TopView]:
    try:
        world = World(people=load_people()[:2])
    except SimulatorError as error:
        pytest.skip(str(error))
    with world:
        scene = draw_scene("tour", NAMES, 0, 2)
        world.reset(scene, render=False)
        yield TopView(world, 0.5)


def shown(image: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Rows and columns of the pixels of a colour, (n, 2)."""
    return np.argwhere((image == colour).all(axis=2))


def test_the_robot_is_where_it_is_and_looks_where_it_looks(above: TopView) -> None:
    left = shown(above.draw(Pose(-2.0, 0.0, 0.0), "", {}), ROBOT)
    right = shown(above.draw(Pose(2.0, 1.0, 0.0), "", {}), ROBOT)
    assert right[:, 1].max() > WIDTH / 2 > left[:, 1].mean()
    assert right[:, 0].min() < left[:, 0].min(), "y points up"


def test_people_have_the_colour_of_what_is_known_of_them(above: TopView) -> None:
    def visit(name: str, identity: str) -> Visit:
        return Visit(name, True, Answer("", -0.1), Answer(identity, 0.4), 1, 0.4, 3.0, "recognised")

    first, second = NAMES
    fresh = above.draw(Pose(), first, {})
    assert len(shown(fresh, LOOKED_AT)) > 0
    assert len(shown(fresh, RIGHT)) == len(shown(fresh, WRONG)) == 0
    later = above.draw(Pose(), "", {first: visit(first, first), second: visit(second, first)})
    assert later.shape == (HEIGHT, WIDTH, 3)
    assert len(shown(later, RIGHT)) > 0
    assert len(shown(later, WRONG)) > 0
