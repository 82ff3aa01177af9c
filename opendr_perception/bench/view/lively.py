"""Robots among people who walk, turn, sit and talk: contacts, limits, and how fast the world is simulated.

python -m opendr_perception.bench.view.lively
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence

import numpy as np

from opendr_perception import zoo
from opendr_perception.active.control import ROBOTS, Limits, Move
from opendr_perception.active.perception import Recognition
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, larger_is_better, smaller_is_better
from opendr_perception.bench.view.explorer import EpisodeCosts, SimulatedExplorer
from opendr_perception.sim.life import Life
from opendr_perception.sim.people import load_people
from opendr_perception.sim.postures import with_postures
from opendr_perception.sim.scene import ROOMS, Pose, Scene, Standing, seen_from
from opendr_perception.sim.world import SimulatedCamera, World
from opendr_perception.tasks.face import FaceDetector
from opendr_perception.tasks.imaging import Pixels

CASE = "active"
CAMERA = SimulatedCamera(320, 240, math.radians(75.0), above=1.3)
PEOPLE, MOVES = 6, 6
EPISODES, QUICK = 100, 4
"""With each kind of robot."""
RADIUS = 2.6
"""m, of the circle on which people stand when it begins."""
SIMULATED = 20.0
"""Seconds for which the speed of the simulation is measured."""
REAL_TIME = 5.0
RATE = 20.0
"""Hz, of the control loop; every second step gives an image."""


def lively_scene(names: Sequence[str], random: np.random.Generator) -> Scene:
    """People around the middle of a room, and a robot two to three metres before the first of them."""
    first = float(random.uniform(-math.pi, math.pi))
    people = []
    for number, name in enumerate(names):
        angle = first + 2 * math.pi * number / len(names)
        yaw = float(random.uniform(-math.pi, math.pi))
        people.append(Standing(name, Pose(RADIUS * math.cos(angle), RADIUS * math.sin(angle), yaw)))
    inwards = first + math.pi - people[0].pose.yaw
    robot = seen_from(people[0].pose, float(random.uniform(2.0, 3.0)), inwards)
    return Scene(tuple(people), robot, (), ROOMS["lab"])


def nobody(crops: Sequence[Pixels]) -> list[Recognition]:
    """Recognises nobody: who these people are does not matter here."""
    return [Recognition("", math.nan) for _ in crops]


def episode(explorer: SimulatedExplorer, world: World, seed: int) -> EpisodeCosts:
    """Moves by chance around somebody who may walk away, among five others who do."""
    random = np.random.default_rng(seed)
    scene = lively_scene(list(world.people)[::5][:PEOPLE], random)
    explorer.begin(scene, seed)
    world.enliven(Life(scene.people, scene.room, seed=seed))
    for _ in range(MOVES):
        pan, advance = float(random.uniform(-1.0, 1.0)), float(random.uniform(-0.5, 1.5))
        explorer.move(Move(pan, advance), within=3.0)
    return explorer.costs


def speed(world: World, seconds: float) -> float:
    """Simulated seconds for each second of a processor, with an image ten times in each of them."""
    scene = lively_scene(list(world.people)[::5][:PEOPLE], np.random.default_rng(0))
    world.reset(scene)
    world.enliven(Life(scene.people, scene.room))
    began = time.process_time()
    for number in range(round(seconds / world.period)):
        world.step(render=number % 2 == 0)
    return seconds / (time.process_time() - began)


def lively(extent: Extent) -> list[Figure]:
    """Contacts and commands beyond the limits among people who walk, and the speed of the simulation."""
    count, members = extent.pick(EPISODES, QUICK, 1), extent.pick(PEOPLE, PEOPLE, 2)
    people = with_postures(load_people()[:members])
    detector = FaceDetector(zoo.session("blazeface"), tile_size=0)
    costs: list[EpisodeCosts] = []
    faster = 0.0
    for robot in ROBOTS[: extent.pick(2, 2, 1)]:
        with World(robot, CAMERA, rate=RATE, people=people) as world:
            explorer = SimulatedExplorer(world, detector, nobody, Limits())
            costs += [episode(explorer, world, seed) for seed in range(count)]
            faster = max(faster, speed(world, extent.pick(SIMULATED, SIMULATED, 1.0)))
    contacts, beyond = sum(bool(cost.contacts) for cost in costs), sum(cost.violations for cost in costs)
    among = f"among {members} people who walk, {len(costs)} episodes"
    closest = min(cost.closest for cost in costs)
    return [
        smaller_is_better(CASE, f"episodes with contacts {among}", "", contacts, 0),
        smaller_is_better(CASE, f"commands beyond the limits {among}", "", beyond, 0),
        Figure(CASE, f"smallest gap while the robot moves {among}", "m", closest, None, "", None, None, None),
        Figure(CASE, f"way {among}", "m", sum(cost.travelled for cost in costs), None, "", None, None, None),
        larger_is_better(
            CASE,
            f"simulated seconds for each of a processor, {members} people who walk, 320x240",
            "",
            faster,
            REAL_TIME,
        ),
    ]


if __name__ == "__main__":
    for figure in lively(Extent.QUICK if "--quick" in sys.argv else Extent.FULL):
        print(f"{figure.ours:10.3f} {figure.unit:3} {figure.metric}")
